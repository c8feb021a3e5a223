//! A state that the host loads. The framework tells the host of changed values in the midst of the
//! host's own call, and qtractor takes that for a change by the user: a session was modified as
//! soon as it was open. From a thread that is not the main one the framework puts that off until
//! the host has time, so the state is loaded on one, while the main thread waits.

use std::ffi::c_void;
use std::ptr;

use clap_sys::plugin::clap_plugin;
use clap_sys::stream::{clap_istream, clap_ostream};

use super::instance;

/// As the framework takes it; more is none of ours.
const LONGEST: usize = 256 << 20;
/// Bytes that are asked of the host at once.
const PIECE: usize = 64 << 10;

pub(super) unsafe extern "C" fn save(
    plugin: *const clap_plugin,
    stream: *const clap_ostream,
) -> bool {
    // SAFETY: the host's promise.
    let save = unsafe { instance(plugin) }
        .state()
        .and_then(|state| state.save);
    // SAFETY: as the host promises.
    save.is_some_and(|save| unsafe { save(plugin, stream) })
}

pub(super) unsafe extern "C" fn load(
    plugin: *const clap_plugin,
    stream: *const clap_istream,
) -> bool {
    // SAFETY: the host's promise, here and below.
    let own = unsafe { instance(plugin) };
    let Some(load) = own.state().and_then(|state| state.load) else {
        return false;
    };
    // SAFETY: the host's own stream, during its call.
    let Some(bytes) = (unsafe { read_all(stream) }) else {
        return false;
    };
    let call = Call { plugin, bytes };
    let loading = std::thread::Builder::new().name("third-stream-state".into());
    std::thread::scope(|scope| {
        let loaded = loading.spawn_scoped(scope, move || {
            let call = call;
            let mut left: &[u8] = &call.bytes;
            let stream = clap_istream {
                ctx: (&raw mut left).cast(),
                read: Some(read),
            };
            // SAFETY: the framework locks what its threads share; the host waits meanwhile.
            unsafe { load(call.plugin, &raw const stream) }
        });
        loaded.is_ok_and(|loaded| loaded.join().unwrap_or(false))
    })
}

/// What goes to the other thread.
struct Call {
    plugin: *const clap_plugin,
    bytes: Vec<u8>,
}

// SAFETY: the host's thread waits for the other one, so that there is always one that uses it.
unsafe impl Send for Call {}

/// All bytes of a stream; `None` where it fails or does not end.
///
/// # Safety
/// `stream` is null or a stream that may be read.
unsafe fn read_all(stream: *const clap_istream) -> Option<Vec<u8>> {
    // SAFETY: promised.
    let read = unsafe { stream.as_ref() }?.read?;
    let mut bytes = Vec::new();
    let mut piece = vec![0_u8; PIECE];
    loop {
        // SAFETY: room for so many bytes.
        let count = unsafe { read(stream, piece.as_mut_ptr().cast(), PIECE as u64) };
        match usize::try_from(count).ok()? {
            0 => return Some(bytes),
            count => bytes.extend_from_slice(piece.get(..count)?),
        }
        if bytes.len() > LONGEST {
            return None;
        }
    }
}

/// Reads from bytes that are there.
unsafe extern "C" fn read(stream: *const clap_istream, to: *mut c_void, size: u64) -> i64 {
    // SAFETY: a stream of ours, whose context is what is left.
    let left = unsafe { &mut *(*stream).ctx.cast::<&[u8]>() };
    let count = left.len().min(usize::try_from(size).unwrap_or(usize::MAX));
    let (now, later) = left.split_at(count);
    // SAFETY: the reader's room for `size` bytes.
    unsafe { ptr::copy_nonoverlapping(now.as_ptr(), to.cast::<u8>(), count) };
    *left = later;
    count as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_read_whole_and_one_that_fails_is_none() {
        let whole: Vec<u8> = (0..200_000_u32).map(|byte| byte as u8).collect();
        let mut left: &[u8] = &whole;
        let stream = clap_istream {
            ctx: (&raw mut left).cast(),
            read: Some(read),
        };
        // SAFETY: all of it lives here.
        assert_eq!(unsafe { read_all(&raw const stream) }, Some(whole.clone()));
        unsafe extern "C" fn fail(_: *const clap_istream, _: *mut c_void, _: u64) -> i64 {
            -1
        }
        let stream = clap_istream {
            ctx: ptr::null_mut(),
            read: Some(fail),
        };
        // SAFETY: as above.
        assert_eq!(unsafe { read_all(&raw const stream) }, None);
        // SAFETY: null is allowed.
        assert_eq!(unsafe { read_all(ptr::null()) }, None);
    }
}
