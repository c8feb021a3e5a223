//! Ranges of instruments: the sounding compass of General MIDI's programs, in MIDI keys, as
//! orchestration books have it (Adler, *The Study of Orchestration*); whole families where their
//! members differ little.

use std::ops::RangeInclusive;

/// Programs (counted from 0) up to and including each, with the compass.
const COMPASS: [(u8, u8, u8); 40] = [
    (7, 21, 108),   // pianos, harpsichord, clavinet
    (15, 48, 96),   // celesta to dulcimer
    (23, 36, 96),   // organs
    (31, 40, 88),   // guitars
    (39, 28, 67),   // basses
    (40, 55, 103),  // violin
    (41, 48, 91),   // viola
    (42, 36, 81),   // cello
    (43, 28, 67),   // double bass
    (45, 36, 96),   // strings, tremolo and pizzicato
    (46, 24, 103),  // harp
    (47, 36, 57),   // timpani
    (55, 36, 96),   // ensembles, choirs
    (56, 54, 86),   // trumpet
    (57, 40, 72),   // trombone
    (58, 28, 58),   // tuba
    (59, 54, 86),   // muted trumpet
    (60, 34, 77),   // horn
    (63, 36, 96),   // brass sections
    (64, 56, 87),   // soprano saxophone
    (65, 49, 80),   // alto
    (66, 44, 75),   // tenor
    (67, 36, 69),   // baritone
    (68, 58, 93),   // oboe
    (69, 52, 81),   // cor anglais
    (70, 34, 75),   // bassoon
    (71, 50, 94),   // clarinet
    (72, 74, 108),  // piccolo
    (73, 60, 96),   // flute
    (74, 60, 98),   // recorder
    (79, 60, 96),   // pan flute to ocarina
    (103, 24, 108), // synthesisers
    (104, 48, 84),  // sitar
    (105, 48, 88),  // banjo
    (106, 50, 84),  // shamisen
    (107, 43, 86),  // koto
    (108, 60, 84),  // kalimba
    (109, 56, 76),  // bagpipe
    (111, 55, 96),  // fiddle, shanai
    (127, 24, 108),
];

/// The keys that an instrument can play.
pub(super) fn of_program(program: u8) -> RangeInclusive<u8> {
    let mut families = COMPASS.iter();
    let family = families.find(|(last, ..)| program <= *last);
    family.map_or(0..=127, |(_, low, high)| *low..=*high)
}

/// True if an instrument is a bass.
pub(super) const fn is_bass(program: u8) -> bool {
    matches!(program, 32..=39 | 43 | 58)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_in_order_and_complete() {
        assert!(COMPASS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(COMPASS.iter().all(|(_, low, high)| low < high));
        assert_eq!(of_program(73), 60..=96);
        assert_eq!(of_program(33), 28..=67);
        assert_eq!(of_program(0), 21..=108);
        assert_eq!(of_program(127), 24..=108);
        assert!(is_bass(32) && is_bass(43) && !is_bass(42));
    }
}
