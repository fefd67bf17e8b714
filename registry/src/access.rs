//! Who may do what: roles and their permissions, routes and commands and the one that each needs.

use cardwright_protocol::domain::{Command, Permission, Role};
use cardwright_protocol::registry::secrets::RevealedKind;

/// What a role may do.
pub(crate) fn permissions(role: Role) -> &'static [Permission] {
    match role {
        Role::Admin => &[
            Permission::ReadCards,
            Permission::CloseForeignProcesses,
            Permission::ConfigureTemplates,
            Permission::UseWorkstations,
            Permission::ManageWorkstations,
            Permission::ManageAccounts,
            Permission::ReadAudit,
        ],
        Role::Operator => &[
            Permission::ReadCards,
            Permission::InitializeCards,
            Permission::WithdrawStock,
            Permission::UseWorkstations,
        ],
        Role::Auditor => &[Permission::ReadCards, Permission::ReadAudit],
    }
}

/// What starting a command needs.
pub(crate) fn for_command(command: Command) -> Permission {
    match command {
        Command::InitializeTemporaryCard => Permission::InitializeCards,
        Command::MarkAsDefective | Command::MarkAsLost => Permission::WithdrawStock,
    }
}

/// What seeing a secret needs.
pub(crate) fn for_secret(secret: RevealedKind) -> Permission {
    match secret {
        RevealedKind::Pin => Permission::RevealPin,
        RevealedKind::Puk => Permission::RevealPuk,
    }
}

/// Whom a route is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody, with no proof of the request.
    Anyone,
    /// Everybody who proves the request by a key: it becomes a session.
    AnyKey,
    /// Whoever is logged in, even if they must choose another password first.
    LoggedIn,
    /// Whoever is logged in and has this permission.
    May(Permission),
    /// Whoever may do what the request names: the command's own permission is asked for.
    MayCommand,
    /// Whoever may see what the request names: PIN and PUK have each a permission of their own.
    MayReveal,
    /// Whoever has the process that the path names, by starting it or by taking it over, and may
    /// still use workstations: each of them needed a permission for that, and an account that was
    /// made another role's since has it no more.
    HasProcess,
}

impl Access {
    /// What the person needs before anything else of the request is looked at.
    pub(crate) fn permission(self) -> Option<Permission> {
        match self {
            Self::May(permission) => Some(permission),
            Self::HasProcess => Some(Permission::UseWorkstations),
            Self::Anyone | Self::AnyKey | Self::LoggedIn | Self::MayCommand | Self::MayReveal => {
                None
            }
        }
    }
}

/// A route and whom it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// HTTP method.
    pub method: &'static str,
    /// Path with its parameters in braces.
    pub path: &'static str,
    /// Whom it is for.
    pub access: Access,
    /// Whether asking for it is a use of the session. What the page asks for by itself is none, so
    /// that a session ends when nobody is at an open page.
    pub is_use: bool,
}

/// Every route of the registry. What is not here is not served.
pub const ROUTES: &[Route] = &[
    route("POST", "/api/v1/session", Access::AnyKey),
    route("GET", "/api/v1/session", Access::LoggedIn),
    route("DELETE", "/api/v1/session", Access::LoggedIn),
    route("PUT", "/api/v1/session/password", Access::LoggedIn),
    route("GET", "/api/v1/cards", Access::May(Permission::ReadCards)),
    route("GET", "/api/v1/cards/{number}", Access::May(Permission::ReadCards)),
    route("POST", "/api/v1/cards/{number}/processes", Access::MayCommand),
    route("POST", "/api/v1/cards/{number}/reveals", Access::MayReveal),
    route("GET", "/api/v1/processes/{id}", Access::May(Permission::ReadCards)),
    route("POST", "/api/v1/processes/{id}/nonces", Access::HasProcess),
    route("POST", "/api/v1/processes/{id}/reports", Access::HasProcess),
    route("POST", "/api/v1/processes/{id}/jobs", Access::HasProcess),
    // Whoever started it, or may close the processes of others: see `actions/cancel.rs`.
    route("POST", "/api/v1/processes/{id}/cancel", Access::May(Permission::ReadCards)),
    route(
        "POST",
        "/api/v1/processes/{id}/take-over",
        Access::May(Permission::CloseForeignProcesses),
    ),
    // Outcomes are facts that a helper signed; who carries them does not matter.
    by_itself("POST", "/api/v1/outcomes", Access::May(Permission::ReadCards)),
    by_itself("POST", "/api/v1/refusals", Access::May(Permission::UseWorkstations)),
    // Whoever has a one-time code proves it.
    route("POST", "/api/v1/enrolments", Access::Anyone),
    by_itself(
        "POST",
        "/api/v1/workstations/{id}/tickets",
        Access::May(Permission::UseWorkstations),
    ),
    route("GET", "/api/v1/workstations", Access::May(Permission::ManageWorkstations)),
    route("POST", "/api/v1/workstations", Access::May(Permission::ManageWorkstations)),
    route("PUT", "/api/v1/workstations/{id}", Access::May(Permission::ManageWorkstations)),
    route("POST", "/api/v1/workstations/{id}/codes", Access::May(Permission::ManageWorkstations)),
    route("POST", "/api/v1/workstations/{id}/revoke", Access::May(Permission::ManageWorkstations)),
    route("GET", "/api/v1/audit", Access::May(Permission::ReadAudit)),
    route("GET", "/api/v1/audit/export", Access::May(Permission::ReadAudit)),
    route("GET", "/api/v1/templates", Access::May(Permission::ReadCards)),
    route("GET", "/api/v1/templates/{name}", Access::May(Permission::ConfigureTemplates)),
    route("PUT", "/api/v1/templates/{name}", Access::May(Permission::ConfigureTemplates)),
    route("GET", "/api/v1/accounts", Access::May(Permission::ManageAccounts)),
    route("POST", "/api/v1/accounts", Access::May(Permission::ManageAccounts)),
    route("PUT", "/api/v1/accounts/{name}", Access::May(Permission::ManageAccounts)),
    route("POST", "/api/v1/accounts/{name}/password", Access::May(Permission::ManageAccounts)),
    route("POST", "/api/v1/accounts/{name}/unlock", Access::May(Permission::ManageAccounts)),
];

/// A route that the page asks for when a person does something.
const fn route(method: &'static str, path: &'static str, access: Access) -> Route {
    Route { method, path, access, is_use: true }
}

/// A route that the page asks for by itself.
const fn by_itself(method: &'static str, path: &'static str, access: Access) -> Route {
    Route { method, path, access, is_use: false }
}

/// The route of this method and path.
pub(crate) fn for_route(method: &str, path: &str) -> Option<&'static Route> {
    let method = if method == "HEAD" { "GET" } else { method };
    ROUTES.iter().find(|route| route.method == method && route.path == path)
}
