//! What people type to confirm something: a count, in whatever digits and with whatever commas.

/// The number that was typed; none if it is something else.
pub(super) fn count(typed: &str) -> Option<usize> {
    let digit = |c: char| match c {
        '０'..='９' => char::from_digit(c as u32 - '０' as u32, 10),
        c => Some(c),
    };
    let counts = |c: &char| !c.is_whitespace() && !matches!(c, ',' | '，' | '、' | '人' | '件');
    let digits: String = typed.chars().take(32).filter(counts).filter_map(digit).collect();
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_typed_in_any_digits() {
        for (typed, read) in
            [("1200", Some(1200)), (" １，２００ 件", Some(1200)), ("1,200", Some(1200)), ("0", Some(0))]
        {
            assert_eq!(count(typed), read, "{typed}");
        }
        for wrong in ["", "-1", "12a", "はい", "+5", "99999999999999999999999"] {
            assert_eq!(count(wrong), None, "{wrong}");
        }
    }
}
