//! What the module offers to the page's worker: one buffer in, one call, one buffer out.
//!
//! The worker asks for room with [`third_stream_input`], writes its bytes there, calls
//! [`third_stream_call`] and reads what [`third_stream_output`] points to. Pointers hold until the
//! next of these calls.
#![expect(
    unsafe_code,
    reason = "names that the page can call; each is given once in this module"
)]

use std::cell::RefCell;
use std::panic;

use crate::Page;

thread_local! {
    static PAGE: RefCell<Page> = RefCell::default();
    static INPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static OUTPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Room for so many bytes, to be written before a call.
#[unsafe(no_mangle)]
pub extern "C" fn third_stream_input(bytes: usize) -> *mut u8 {
    INPUT.with_borrow_mut(|input| {
        *input = vec![0; bytes];
        input.as_mut_ptr()
    })
}

/// Does what `task` says ([`Page::call`]) with the input, which is then gone. 0 if it was done,
/// and the output is the answer; 1 if not, and the output says why.
///
/// A panic ends the module; the output then says where it was.
#[unsafe(no_mangle)]
pub extern "C" fn third_stream_call(task: u32) -> u32 {
    panic::set_hook(Box::new(|panic| {
        OUTPUT.set(panic.to_string().into_bytes());
    }));
    let input = INPUT.take();
    let (state, output) = match PAGE.with_borrow_mut(|page| page.call(task, &input)) {
        Ok(answer) => (0, answer),
        Err(error) => (1, error.to_string().into_bytes()),
    };
    OUTPUT.set(output);
    state
}

/// Where the output is.
#[unsafe(no_mangle)]
pub extern "C" fn third_stream_output() -> *const u8 {
    OUTPUT.with_borrow(Vec::as_ptr)
}

/// How many bytes it has.
#[unsafe(no_mangle)]
pub extern "C" fn third_stream_output_bytes() -> usize {
    OUTPUT.with_borrow(Vec::len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_done_is_said() {
        third_stream_input(3);
        assert_eq!(third_stream_call(1), 1);
        let said = OUTPUT.take();
        let said = String::from_utf8(said).unwrap();
        assert!(said.contains("MIDI"), "{said}");
        assert_eq!(third_stream_output_bytes(), 0);
    }
}
