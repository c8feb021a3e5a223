//! Layout of the exported counters; test hosts compile this file, too.

/// Counts of one instance, or the sums of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Counters {
    /// Activated instances; they are numbered from 0.
    pub instances: u64,
    /// Requests sent to the engine.
    pub asked: u64,
    /// Requests not sent for want of room.
    pub no_room: u64,
    /// Responses from the engine, of any outcome.
    pub answered: u64,
    /// Responses that say only that the request was stale.
    pub stale: u64,
    /// Responses that say only that the networks failed.
    pub refused: u64,
    /// Responses that were used.
    pub taken: u64,
    /// Requests whose instance was gone before they were answered.
    pub abandoned: u64,
    /// Responses whose instance was gone before it read them.
    pub unread: u64,
    /// Bars that sounded dry although they were asked about in time.
    pub late: u64,
    /// Bars that sounded dry because they could not be asked about in time.
    pub unasked: u64,
    /// Bars that sounded dry, as the editor counts them.
    pub dry: u64,
    /// Notes and messages that were lost because a table was full.
    pub dropped: u64,
    /// Live instances whose engine has failed.
    pub failed: u64,
}
