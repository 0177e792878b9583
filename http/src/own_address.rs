//! Where a login leads: a link from elsewhere must not lead elsewhere.

/// `next` if it is an address of ours, else `otherwise`.
pub(crate) fn own_address<'a>(next: &'a str, otherwise: &'a str) -> &'a str {
    let ours = next.starts_with('/')
        && !next.starts_with("//")
        && !next.starts_with("/login")
        && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if ours { next } else { otherwise }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_leads_to_our_own_pages_only() {
        assert_eq!(own_address("/choose?dose=2", "/my"), "/choose?dose=2");
        for wrong in ["", "my", "//evil.example", "/\\evil.example", "https://evil.example", "/login", "/a\r\nb", "/あ"]
        {
            assert_eq!(own_address(wrong, "/my"), "/my", "{wrong:?}");
        }
    }
}
