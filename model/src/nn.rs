//! Building blocks of networks: operations with their gradients, kernels,
//! initialisation, the forward pass for the transfer and the optimiser.

#[cfg(feature = "train")]
pub(crate) mod adam;
pub mod inference;
pub mod init;
pub mod kernels;
pub mod ops;

/// A pool of threads for a test.
#[cfg(test)]
pub(crate) fn pool(threads: usize) -> rayon::ThreadPool {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    pool.build().unwrap()
}
