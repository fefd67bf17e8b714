//! The way from this page to programs on this computer, as far as the browser decides it.
//!
//! A page from elsewhere needs a permission for it (Local Network Access). It is asked for only
//! when the person has read why: a prompt that comes from nowhere is refused.

mod ask;
mod look;

pub(super) use ask::ask;
pub(super) use look::{changed_since, look};

/// What the browser says of the permission *loopback-network*.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Permission {
    /// The person allowed it, or a policy did.
    Granted,
    /// The browser asks the person at the next try.
    Prompt,
    /// The person refused it, or a policy did.
    Denied,
    /// The browser knows no such permission: either it needs none, or it asks by itself.
    Unknown,
}

/// Where this page is, and in what.
#[derive(Debug, Clone)]
pub(super) struct Surroundings {
    /// The page's origin, such as `https://cards.example`.
    pub(super) origin: String,
    /// Whether the page is inside a page of another origin.
    pub(super) foreign_frame: bool,
    /// Whether the browser is made with WebKit: Safari, and every browser of an iPhone.
    pub(super) webkit: bool,
}

/// What the browser does with the way to the helper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Way {
    /// The page itself comes from this computer: it is open to it.
    NotNeeded,
    /// The permission was given.
    Granted,
    /// The browser knows no such permission.
    Unknown,
    /// It is not open.
    Barred(Barrier),
}

/// What keeps this page from the helper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Barrier {
    /// The browser will ask the person, who is told so first.
    AskFirst,
    /// The browser asks the person now.
    Asking,
    /// The browser was tried, and the permission is as before: no helper was there to be asked
    /// for, or the question was closed without an answer.
    NoAnswer,
    /// The permission was refused to this origin.
    Denied { origin: String },
    /// The page came over plain http from another computer.
    Insecure,
    /// The page is inside a page of another origin.
    Framed,
    /// A browser that keeps every https page from programs on this computer.
    WebKit,
}

impl Surroundings {
    /// Whether the permission means anything here. On a page from this computer the browser says
    /// that it will ask, although it never does.
    pub(super) fn need_permission(&self) -> bool {
        !self.foreign_frame && !self.is_local() && self.over_https() && !self.webkit
    }

    /// What the browser does. `permission` counts only where [`Self::need_permission`].
    pub(super) fn way(&self, permission: Permission) -> Way {
        let barrier = match permission {
            _ if self.foreign_frame => Barrier::Framed,
            _ if self.is_local() => return Way::NotNeeded,
            _ if !self.over_https() => Barrier::Insecure,
            _ if self.webkit => Barrier::WebKit,
            Permission::Granted => return Way::Granted,
            Permission::Unknown => return Way::Unknown,
            Permission::Prompt => Barrier::AskFirst,
            Permission::Denied => Barrier::Denied { origin: self.origin.clone() },
        };
        Way::Barred(barrier)
    }

    fn over_https(&self) -> bool {
        self.origin.starts_with("https://")
    }

    /// Whether the page comes from this computer (Secure Contexts, section 3.1).
    fn is_local(&self) -> bool {
        let Some((_, authority)) = self.origin.split_once("://") else { return false };
        let host = match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => host,
            _ => authority,
        };
        let four: Option<std::net::Ipv4Addr> = host.parse().ok();
        host == "localhost"
            || host.ends_with(".localhost")
            || host == "[::1]"
            || four.is_some_and(|address| address.is_loopback())
    }
}

impl Barrier {
    /// What it is, in a few words for the bar.
    pub(super) fn summary(&self) -> &'static str {
        match self {
            Self::AskFirst | Self::NoAnswer => "Browser not asked yet",
            Self::Asking => "Browser asks you",
            Self::Denied { .. } => "Browser denies the helper",
            Self::Insecure | Self::Framed | Self::WebKit => "No way to the helper",
        }
    }

    /// What it is: one sentence.
    pub(super) fn title(&self) -> &'static str {
        match self {
            Self::AskFirst => "The browser will ask whether this page may reach the helper.",
            Self::Asking => "The browser is asking you now.",
            Self::NoAnswer => "The browser did not ask, or was not answered.",
            Self::Denied { .. } => "The browser does not let this page reach the helper.",
            Self::Insecure => {
                "This page came over plain http from another computer. Browsers keep such pages \
                 from the helper."
            }
            Self::Framed => "This page is shown inside another page.",
            Self::WebKit => "This browser keeps every page from programs on this computer.",
        }
    }

    /// Why, and what to do: one paragraph each.
    pub(super) fn advice(&self) -> Vec<String> {
        let lines: &[&str] = match self {
            Self::AskFirst => &[
                "The readers of this computer belong to the helper, a program on it. Before a \
                 page may speak to a program on your computer, the browser asks you, once: \
                 “Access other apps and services on this device” or words like these.",
                "Click Ask the browser, then choose Allow.",
            ],
            Self::Asking => &["Choose “Allow” where it asks, beside the address of the page."],
            Self::NoAnswer => &[
                "It asks only when a helper is there. Start the helper on this workstation, then \
                 click Ask the browser and choose Allow.",
            ],
            Self::Denied { origin } => return denied(origin),
            Self::Insecure => &["Open the registry by its https address."],
            Self::Framed => &[
                "The helper can be reached only when the registry is opened as a page of its own: \
                 open its address in a tab.",
            ],
            Self::WebKit => &["Use a current Chrome, Edge or Firefox on this computer."],
        };
        lines.iter().map(|line| (*line).to_owned()).collect()
    }

    /// Whether a click of the person is what is waited for.
    pub(crate) fn wants_click(&self) -> bool {
        matches!(self, Self::AskFirst | Self::NoAnswer)
    }
}

fn denied(origin: &str) -> Vec<String> {
    vec![
        "Chrome and Edge: click the icon left of the address, open the site settings, and set \
         “Apps on device” (“Local network access” in older versions) to Allow."
            .to_owned(),
        "Firefox: click the icon left of the address and take the block of “Device apps and \
         services” away."
            .to_owned(),
        format!(
            "For all computers of a site an administrator sets the policy \
             LoopbackNetworkAllowedForUrls (Chrome and Edge from version 146; before it \
             LocalNetworkAccessAllowedForUrls) to {origin}"
        ),
        "This page notices by itself.".to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(origin: &str, permission: Permission) -> Way {
        let surroundings =
            Surroundings { origin: origin.into(), foreign_frame: false, webkit: false };
        surroundings.way(permission)
    }

    #[test]
    fn a_page_from_this_computer_needs_no_permission() {
        for origin in [
            "http://127.0.0.1:8420",
            "http://127.0.0.1",
            "http://127.8.9.1:80",
            "http://localhost:8420",
            "http://desk.localhost:1",
            "http://[::1]:8420",
            "http://[::1]",
            "https://localhost",
        ] {
            for permission in [Permission::Prompt, Permission::Denied, Permission::Unknown] {
                assert_eq!(way(origin, permission), Way::NotNeeded, "{origin}");
            }
        }
    }

    #[test]
    fn a_page_from_elsewhere_goes_by_its_permission_and_needs_https() {
        let origin = "https://cards.example:8443";
        let denied = Barrier::Denied { origin: origin.into() };
        for (origin, permission, expected) in [
            (origin, Permission::Granted, Way::Granted),
            (origin, Permission::Unknown, Way::Unknown),
            (origin, Permission::Prompt, Way::Barred(Barrier::AskFirst)),
            (origin, Permission::Denied, Way::Barred(denied)),
            ("https://127.0.0.1.example", Permission::Prompt, Way::Barred(Barrier::AskFirst)),
            ("https://notlocalhost", Permission::Prompt, Way::Barred(Barrier::AskFirst)),
            ("http://cards.example", Permission::Granted, Way::Barred(Barrier::Insecure)),
            ("http://10.0.0.7:8420", Permission::Unknown, Way::Barred(Barrier::Insecure)),
            ("null", Permission::Granted, Way::Barred(Barrier::Insecure)),
        ] {
            assert_eq!(way(origin, permission), expected, "{origin} {permission:?}");
        }
    }

    #[test]
    fn a_frame_of_another_page_and_webkit_are_told_whatever_is_permitted() {
        let at = |origin: &str, foreign_frame, webkit| {
            let surroundings = Surroundings { origin: origin.into(), foreign_frame, webkit };
            (surroundings.need_permission(), surroundings.way(Permission::Granted))
        };
        let elsewhere = "https://cards.example";
        assert_eq!(at(elsewhere, false, false), (true, Way::Granted));
        assert_eq!(at(elsewhere, true, false), (false, Way::Barred(Barrier::Framed)));
        assert_eq!(at("http://localhost", true, false), (false, Way::Barred(Barrier::Framed)));
        assert_eq!(at(elsewhere, false, true), (false, Way::Barred(Barrier::WebKit)));
        assert_eq!(at("http://127.0.0.1:1", false, true), (false, Way::NotNeeded));
    }

    #[test]
    fn a_denial_names_the_policy_and_the_very_origin() {
        let advice = Barrier::Denied { origin: "https://cards.example".into() }.advice();
        assert!(advice[2].contains("LoopbackNetworkAllowedForUrls"));
        assert!(advice[2].ends_with("to https://cards.example"));
    }
}
