//! Memory that is short while weights load: an allocator that refuses what is beyond a budget. An
//! allocation that was not probed first would end this process.

#![expect(
    clippy::unwrap_used,
    reason = "what a test builds on is a test's own failure"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::collections::BTreeMap;

use candle_core::{Device, Tensor};
use third_stream_model::family::cyclegan::{Generator, GeneratorConfig};
use third_stream_model::genre::Direction;
use third_stream_model::nn::inference::{Level, arena_bytes, weights_bytes};
use third_stream_model::nn::init::Store;
use third_stream_model::roll::{CELLS, Roll};
use third_stream_model::shipped;
use third_stream_model::transfer::{
    CycleGanTransfer, MARGIN, MemoryEstimate, TransferError, on_this_thread,
};
use third_stream_model::weights::{CycleGanHeader, FamilyHeader, Header, WeightsError, write};

/// The system's allocator, for each thread with a book and, where the book has one, a budget.
struct Limited;

/// Bytes that a thread holds.
struct Book {
    budget: Cell<isize>,
    held: Cell<isize>,
    most: Cell<isize>,
}

thread_local! {
    static BOOK: Book = const {
        Book { budget: Cell::new(isize::MAX), held: Cell::new(0), most: Cell::new(0) }
    };
}

#[global_allocator]
static ALLOCATOR: Limited = Limited;

impl Limited {
    /// Books a block that is to be made; false where the budget does not have it.
    fn takes(layout: Layout) -> bool {
        let size = layout.size() as isize;
        let takes = |book: &Book| {
            let held = book.held.get() + size;
            // A block of this size is one that is only asked for.
            let trial = layout.size() >= MARGIN;
            // As if others had taken half of the margin between the asking and the taking.
            let others = if trial { 0 } else { MARGIN as isize / 2 };
            if book.budget.get() != isize::MAX && held + others > book.budget.get() {
                return false;
            }
            book.held.set(held);
            if !trial {
                book.most.set(book.most.get().max(held));
            }
            true
        };
        // A thread that ends has no book any more.
        BOOK.try_with(takes).unwrap_or(true)
    }

    fn gives_back(layout: Layout) {
        let size = layout.size() as isize;
        let _ = BOOK.try_with(|book| book.held.set(book.held.get() - size));
    }
}

#[expect(unsafe_code, reason = "an allocator is one")]
// SAFETY: all blocks are the system's own, by the layout that was asked for; the book is made of
// plain numbers and allocates nothing.
unsafe impl GlobalAlloc for Limited {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !Self::takes(layout) {
            return std::ptr::null_mut();
        }
        // SAFETY: as this function's caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if !Self::takes(layout) {
            return std::ptr::null_mut();
        }
        // SAFETY: as this function's caller promises.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        Self::gives_back(layout);
        // SAFETY: as this function's caller promises.
        unsafe { System.dealloc(block, layout) }
    }
}

/// Runs `work` with a budget of `budget` bytes; returns its result, the bytes held after it, and
/// the peak.
fn within<R>(budget: usize, work: impl FnOnce() -> R) -> (R, usize, usize) {
    BOOK.with(|book| {
        book.held.set(0);
        book.most.set(0);
        book.budget
            .set(isize::try_from(budget).unwrap_or(isize::MAX));
        let result = work();
        book.budget.set(isize::MAX);
        let bytes = |of: &Cell<isize>| usize::try_from(of.get()).unwrap_or(0);
        (result, bytes(&book.held), bytes(&book.most))
    })
}

fn config(base_channels: usize, residual_blocks: usize) -> GeneratorConfig {
    GeneratorConfig::new(base_channels, residual_blocks, 2.0)
}

/// A weights file with new networks of that shape.
fn file(config: GeneratorConfig) -> Vec<u8> {
    let tensors = [1, 2].map(|seed| {
        let store = Store::new(seed);
        Generator::new(&config, &store.builder(&Device::Cpu)).unwrap();
        let each = store.variables().into_iter();
        each.map(|(name, variable)| (name, variable.as_tensor().clone()))
            .collect::<BTreeMap<String, Tensor>>()
    });
    let header = Header::new(FamilyHeader::CycleGan(CycleGanHeader {
        pair: "jazz-classic".into(),
        generator: config,
        threshold: [0.5, 0.5],
    }));
    write(&header, tensors.each_ref()).unwrap()
}

fn roll() -> Roll {
    let mut roll = Roll::EMPTY;
    for (row, step) in [(24, 0), (31, 8), (40, 16), (47, 40)] {
        roll.fill(row, step, step + 6);
    }
    roll
}

/// A first pass.
fn pass(transfer: &CycleGanTransfer) -> Result<Vec<f32>, TransferError> {
    transfer.probabilities(&[roll()], Direction::AToB)
}

/// At most three tenths more than what was found, and a little for the smallest networks.
fn assert_close(said: usize, found: usize, what: &str) {
    assert!(said >= found, "{what}: {found} bytes, said to be {said}");
    let most = found + found * 3 / 10;
    assert!(said <= most, "{what}: {found} bytes, said to be {said}");
}

#[test]
fn what_loading_takes_is_known_before() {
    let shipped = shipped::cyclegan();
    let trained = Header::read(shipped).unwrap().cyclegan().unwrap().generator;
    let made = [config(8, 2), config(16, 3), config(24, 1), config(40, 1)];
    let made = made.map(|config| (config, file(config)));
    let files = made.iter().map(|(config, bytes)| (*config, &bytes[..]));
    on_this_thread(|| {
        for (config, bytes) in files.chain([(trained, shipped)]) {
            let room = MemoryEstimate::new(bytes.len(), &config, Level::best(), 1);
            let load = || {
                let transfer = CycleGanTransfer::from_bytes(bytes).unwrap();
                (pass(&transfer).unwrap(), transfer)
            };
            let (loaded, stays, most) = within(usize::MAX, load);
            assert_close(room.most, most, &format!("{config:?}, most"));
            assert_close(room.stays, stays, &format!("{config:?}, stays"));
            drop(loaded);
        }
    });
}

#[test]
fn what_each_instruction_set_takes_is_known_before() {
    on_this_thread(|| {
        // Sizes that fill a block of channels, a panel, neither, and more than one.
        for config in [config(3, 1), config(4, 2), config(8, 1), config(20, 1)] {
            let store = Store::new(7);
            let generator = Generator::new(&config, &store.builder(&Device::Cpu)).unwrap();
            for level in Level::all() {
                let what = format!("{config:?}, {}", level.name());
                let (net, held, _) = within(usize::MAX, || generator.prepared(level).unwrap());
                let net_bytes = weights_bytes(level, config.base_channels, config.residual_blocks);
                assert_close(net_bytes, held, &format!("{what}, weights"));
                let (x, mut y) = (vec![0.0; CELLS], vec![0.0; CELLS]);
                let first = || {
                    let mut arena = net.arena();
                    net.logits(&mut arena, &x, &mut y);
                    arena
                };
                let (arena, held, _) = within(usize::MAX, first);
                let said = arena_bytes(level, config.base_channels, 1);
                assert_close(said, held, &format!("{what}, arena"));
                assert_eq!(said, net.arena_bytes(1));
                drop(arena);
            }
        }
    });
}

/// Loads the file with each budget from nothing until it has been loaded three times: it is
/// refused in words, or it is there and gives what it gives where there is plenty.
fn sweep(bytes: &[u8], step: usize) {
    let expected = pass(&CycleGanTransfer::from_bytes(bytes).unwrap()).unwrap();
    let config = Header::read(bytes).unwrap().cyclegan().unwrap().generator;
    let room = MemoryEstimate::new(bytes.len(), &config, Level::best(), 1);
    let (mut refused, mut loaded) = (0, 0);
    for budget in (0..).step_by(step) {
        let load = || {
            let transfer = CycleGanTransfer::from_bytes(bytes)?;
            let passed = pass(&transfer);
            Ok::<_, WeightsError>((transfer, passed))
        };
        let (result, held, _) = within(budget, load);
        match result {
            Err(WeightsError::Memory { bytes }) => {
                assert_eq!(loaded, 0, "{budget}: refused, though less was enough");
                // The list of the blocks that are asked for takes some, too.
                assert!(bytes + 1024 > budget, "{bytes} of {budget} were not given");
                assert!(bytes <= room.most + MARGIN, "{bytes} asked for");
                assert_eq!(held, 0, "{budget}: something is left");
                refused += 1;
            }
            Err(other) => panic!("{budget}: {other}"),
            Ok((_, passed)) => {
                assert_eq!(passed.unwrap(), expected, "{budget}");
                loaded += 1;
            }
        }
        if loaded == 3 {
            break;
        }
    }
    assert!(refused > MARGIN / step, "it was hardly ever refused");
}

#[test]
fn a_small_network_is_refused_or_loaded_whatever_there_is() {
    on_this_thread(|| sweep(&file(config(3, 2)), 64 << 10));
}

#[test]
fn the_shipped_networks_are_refused_or_loaded_whatever_there_is() {
    on_this_thread(|| sweep(shipped::cyclegan(), 1 << 20));
}

#[test]
fn a_pass_without_room_is_refused_and_the_next_one_plays() {
    let bytes = file(config(8, 1));
    on_this_thread(|| {
        let expected = pass(&CycleGanTransfer::from_bytes(&bytes).unwrap()).unwrap();
        let transfer = CycleGanTransfer::from_bytes(&bytes).unwrap();
        let need = arena_bytes(Level::best(), 8, 1) + MARGIN;
        for budget in (MARGIN / 2 + (1 << 20)..need).step_by(1 << 20) {
            let (result, _, _) = within(budget, || pass(&transfer));
            let refused = matches!(result, Err(TransferError::Memory { bytes }) if bytes == need);
            assert!(refused, "{budget}: {result:?}");
        }
        let (result, _, _) = within(need + (1 << 20), || pass(&transfer));
        assert_eq!(result.unwrap(), expected);
        // The first pass's memory is reused by the next.
        let (result, _, _) = within(MARGIN / 2 + (1 << 20), || pass(&transfer));
        assert_eq!(result.unwrap(), expected);
    });
}

#[test]
fn a_header_that_names_more_than_the_file_holds_asks_for_no_room() {
    let bytes = file(config(3, 1));
    let mut header = Header::read(&bytes).unwrap();
    let FamilyHeader::CycleGan(cyclegan) = &mut header.family else {
        panic!("not a CycleGAN");
    };
    cyclegan.generator = config(256, 64);
    let bytes = third_stream_model::weights::with_header(&bytes, &header).unwrap();
    on_this_thread(|| {
        // A tenth of what such networks would take; candle's error may hold a backtrace, and that
        // takes a hundred MiB.
        let (result, _, _) = within(2 << 30, || CycleGanTransfer::from_bytes(&bytes));
        assert!(matches!(result, Err(WeightsError::Tensor { .. })));
    });
}
