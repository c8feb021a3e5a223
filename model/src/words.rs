//! Words for counts.

/// `1 phrase`, `2 phrases`.
pub fn plural(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_no_plural() {
        let said = [0, 1, 2].map(|count| plural(count, "phrase"));
        assert_eq!(said, ["0 phrases", "1 phrase", "2 phrases"]);
    }
}
