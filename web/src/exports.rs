//! The module's C interface for the page's worker: one input buffer, one call, one output buffer.
//!
//! The worker allocates with [`third_stream_input`], writes its bytes, calls [`third_stream_call`]
//! and reads at [`third_stream_output`]. Pointers are valid until the next of these calls.
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

/// Allocates the input buffer and returns its address.
#[unsafe(no_mangle)]
pub extern "C" fn third_stream_input(bytes: usize) -> *mut u8 {
    INPUT.with_borrow_mut(|input| {
        *input = vec![0; bytes];
        input.as_mut_ptr()
    })
}

/// Runs a task ([`Page::call`]) on the input buffer, which is then freed. Returns 0 and the answer
/// in the output buffer, or 1 and an error message.
///
/// A panic ends the module; the output buffer then has its location.
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

/// Address of the output buffer.
#[unsafe(no_mangle)]
pub extern "C" fn third_stream_output() -> *const u8 {
    OUTPUT.with_borrow(Vec::as_ptr)
}

/// Length of the output buffer in bytes.
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
