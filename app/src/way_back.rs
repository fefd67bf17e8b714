//! Where a login leads: back to where a person was, and nobody else.

use crate::search::escape;

/// The login for whoever opens a page while nobody is logged in. Where somebody was on it whose
/// session ended by itself, it leads them back alone: for others, what was on the desk before says
/// nothing.
pub(crate) fn login_address(here: &str, whose: Option<&str>) -> String {
    let to = escape(here);
    match whose {
        Some(name) => format!("/login?to={to}&of={}", escape(name)),
        None => format!("/login?to={to}"),
    }
}

/// Where somebody goes after their login, by the parameters of its address.
pub(crate) fn after_login(to: Option<String>, whose: Option<&str>, name: &str) -> String {
    destination(to.filter(|_| whose.is_none_or(|whose| whose == name)))
}

/// A path of this app, never another site; home where it is none.
pub(crate) fn destination(to: Option<String>) -> String {
    let inside = |to: &String| {
        let path = to.split(['?', '#']).next().unwrap_or_default();
        // Browsers leave tabs and line ends out, take `\` for `/`, and resolve `/.` and `/..`: what
        // begins with one slash may begin with two for them, and is a host then.
        let is_plain = !to.contains('\\') && !to.contains(char::is_control);
        let has_empty_step = path.contains("//");
        to.starts_with('/') && is_plain && !has_empty_step && !to.starts_with("/login")
    };
    to.filter(inside).unwrap_or_else(|| "/".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_login_leads_back_into_the_app_and_nowhere_else() {
        for (to, expected) in [
            (None, "/"),
            (Some("/cards/TC-1?x=1"), "/cards/TC-1?x=1"),
            (Some("//evil.example"), "/"),
            (Some("/\\evil.example"), "/"),
            (Some("/\t/evil.example"), "/"),
            (Some("/\n/evil.example"), "/"),
            (Some("/\r/evil.example"), "/"),
            (Some("/.//evil.example"), "/"),
            (Some("/cards/..//evil.example"), "/"),
            (Some("/%2e//evil.example"), "/"),
            (Some("/search?text=a//b"), "/search?text=a//b"),
            (Some("https://evil.example"), "/"),
            (Some("/login?to=/login"), "/"),
        ] {
            assert_eq!(destination(to.map(str::to_owned)), expected, "{to:?}");
        }
    }

    #[test]
    fn nobody_is_led_to_where_somebody_else_was() {
        let page = || Some("/cards/TC-1".to_owned());
        assert_eq!(after_login(page(), None, "ada"), "/cards/TC-1");
        assert_eq!(after_login(page(), Some("ada"), "ada"), "/cards/TC-1");
        assert_eq!(after_login(page(), Some("bob"), "ada"), "/");
    }

    #[test]
    fn the_address_of_the_login_says_who_was_where() {
        assert_eq!(login_address("/search?go=1", None), "/login?to=%2Fsearch%3Fgo%3D1");
        assert_eq!(login_address("/", Some("ada@site")), "/login?to=%2F&of=ada%40site");
    }
}
