//! The starter corpus, which comes with the programs: music whose works are free by age, packed
//! in `corpus/` as `--data` reads it.

use crate::genre::Genre;

/// Its name in messages.
pub const NAME: &str = "the starter corpus";

/// Description of its contents.
pub const ABOUT: &str = "early jazz and ragtime (a small jazz end) and classical music, of 1930 \
                         and before";

/// The genres that it has music of.
pub const GENRES: [Genre; 2] = [Genre::Jazz, Genre::Classic];

/// The collection that a style is learned from where no folder is named.
pub const RAGTIME: &str = "mutopia-ragtime";

/// One row for each piece, with its source, licence and credit.
pub(super) const MANIFEST: &[u8] = include_bytes!("../../../corpus/MANIFEST.csv");

/// The MIDI files of a genre, as a packed tar archive; `None` where there are none.
pub(super) const fn archive(genre: Genre) -> Option<&'static [u8]> {
    match genre {
        Genre::Jazz => Some(include_bytes!("../../../corpus/jazz.tar.gz")),
        Genre::Classic => Some(include_bytes!("../../../corpus/classical.tar.gz")),
        Genre::Pop => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Corpus, CorpusSelection, Data, Split};

    /// All of it, and how many phrases of a genre and split are of a collection.
    fn read() -> (Data, impl Fn(&Data, Genre, Split, &str) -> usize) {
        let selection = CorpusSelection::default();
        let data = Data::read(&Corpus::Starter, &GENRES, selection, None).unwrap();
        let count = |data: &Data, genre, split, name: &str| {
            let of = |source: &&u16| data.sources()[usize::from(**source)] == name;
            data.phrases(genre, split).sources.iter().filter(of).count()
        };
        (data, count)
    }

    #[test]
    fn every_row_is_used_and_every_split_has_music_of_both_genres() {
        let (data, count) = read();
        assert_eq!(data.left_out(), []);
        assert_eq!(data.damaged(), []);
        for genre in GENRES {
            for split in Split::ALL {
                let part = data.phrases(genre, split);
                assert!(part.rolls.len() >= 26, "{genre} {split}");
            }
        }
        // The manifest's sums.
        let all = |genre| {
            let parts = Split::ALL.map(|split| data.phrases(genre, split).rolls.len());
            parts.iter().sum::<usize>()
        };
        assert_eq!([all(Genre::Jazz), all(Genre::Classic)], [566, 14266]);
        assert_eq!(count(&data, Genre::Jazz, Split::Train, RAGTIME), 361);
        assert_eq!(count(&data, Genre::Jazz, Split::Train, "openewld"), 113);
    }

    #[test]
    fn what_is_selected_makes_no_difference() {
        let (data, _) = read();
        let hash = |clean, extra| {
            let selection = CorpusSelection { clean, extra };
            let data = Data::read(&Corpus::Starter, &GENRES, selection, None).unwrap();
            data.hash().to_owned()
        };
        assert_eq!(hash(true, false), data.hash());
        assert_eq!(hash(false, true), data.hash());
    }

    #[test]
    fn a_genre_that_is_not_there_is_named() {
        let read = Data::read(
            &Corpus::Starter,
            &[Genre::Pop],
            CorpusSelection::default(),
            None,
        );
        let why = read.unwrap_err().to_string();
        assert_eq!(
            why,
            "the starter corpus: no row has the genre pop; the genres there are: classical, jazz"
        );
        assert_eq!(Corpus::Starter.genres(), GENRES);
    }

    #[test]
    fn no_licence_asks_for_more_than_a_credit() {
        let mut rows = csv::Reader::from_reader(MANIFEST);
        let columns = rows.headers().unwrap().clone();
        let column = |name: &str| columns.iter().position(|column| column == name).unwrap();
        let (licence, credit, authors) = (column("licence"), column("credit"), column("authors"));
        let free = [
            "CC0 1.0",
            "Public Domain",
            "CC BY 4.0",
            "stated public domain",
        ];
        let mut count = 0;
        for row in rows.records() {
            let row = row.unwrap();
            assert!(
                free.iter().any(|start| row[licence].starts_with(start)),
                "{row:?}"
            );
            assert!(row[credit].contains("https://"), "{row:?}");
            let died = row[authors]
                .split(['(', ')'])
                .filter_map(|part| part.parse::<u16>().ok());
            let died: Vec<u16> = died.collect();
            let nobody = &row[authors] == "[Traditional]";
            assert!(nobody || !died.is_empty(), "{row:?}");
            assert!(died.iter().all(|year| *year <= 1955), "{row:?}");
            count += 1;
        }
        assert_eq!(count, 758);
    }
}
