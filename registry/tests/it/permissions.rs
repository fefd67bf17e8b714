use crate::desk::chip;
use crate::story::Story;
use crate::world::{Browser, TestRegistry};
use cardwright_protocol::domain::{CardState, Command, Permission, Role};
use cardwright_protocol::registry::accounts::Account;
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::session::Me;
use cardwright_registry::{Access, ROUTES, Route};

/// Somebody who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Nobody,
    /// Logged in as the first account of a role.
    Has(Role),
    /// Logged in as an operator who was granted all that can be.
    Granted,
    /// Was logged in as an admin when the account was disabled.
    Disabled,
    /// Logged in as an admin who must choose another password first.
    MustChangePassword,
}

const EVERYBODY: [Who; 7] = [
    Who::Nobody,
    Who::Has(Role::Admin),
    Who::Has(Role::Operator),
    Who::Has(Role::Auditor),
    Who::Granted,
    Who::Disabled,
    Who::MustChangePassword,
];

impl Who {
    /// Why this one may not ask for a route; `None` where nothing is against it.
    fn is_refused(self, route: &Route, me: Option<&Me>) -> Option<ProblemCode> {
        match (route.access, self) {
            (Access::Anyone | Access::AnyKey, _) => None,
            (_, Self::Nobody | Self::Disabled) => Some(ProblemCode::NotLoggedIn),
            (Access::LoggedIn, _) => None,
            (_, Self::MustChangePassword) => Some(ProblemCode::PasswordChangeNeeded),
            (Access::May(permission), _) => {
                (!me.unwrap().may(permission)).then_some(ProblemCode::NotPermitted)
            }
            (Access::HasProcess, _) => {
                let may = me.unwrap().may(Permission::UseWorkstations);
                (!may).then_some(ProblemCode::NotPermitted)
            }
            _ => None,
        }
    }
}

/// Walks every route of the table as everybody: who may not is told so before anything else is
/// looked at, and who may is not. No request has a body, and no name is one that something is
/// changed by.
#[tokio::test]
async fn every_route_lets_through_exactly_whom_the_table_says() {
    const REFUSALS: [ProblemCode; 4] = [
        ProblemCode::NotLoggedIn,
        ProblemCode::NotPermitted,
        ProblemCode::PasswordChangeNeeded,
        ProblemCode::MethodNotAllowed,
    ];
    let registry = TestRegistry::with_one_card().await;
    let passwords = people(&registry).await;
    for who in EVERYBODY {
        let mut browser = enter(&registry, &passwords, who).await;
        for route in ROUTES {
            let path = filled_in(route.path);
            let name = format!("{} {path} as {who:?}", route.method);
            let me = browser.get("/session").await;
            let me = (me.status == 200).then(|| me.ok::<Me>());
            let answer = browser.send(route.method.parse().unwrap(), &path, &[], None).await;
            match who.is_refused(route, me.as_ref()) {
                Some(code) => assert_eq!(answer.refused(), code, "{name}"),
                None if (200..300).contains(&answer.status) => {}
                None => {
                    let code = answer.refused();
                    assert!(!REFUSALS.contains(&code), "{name}: {code:?}");
                    let is_open = matches!(route.access, Access::Anyone | Access::AnyKey);
                    assert!(!is_open || code == ProblemCode::Malformed, "{name}: {code:?}");
                }
            }
            if (route.method, route.path) == ("DELETE", "/api/v1/session") {
                browser = enter(&registry, &passwords, who).await;
            }
        }
    }
}

/// A path of the table with names in place of its parameters.
fn filled_in(path: &str) -> String {
    let name = if path.contains("/templates/") { "temporary-card" } else { "not-there" };
    let path = path.replace("{number}", "TC-1").replace("{id}", "unknown").replace("{name}", name);
    assert!(!path.contains('{'), "{path}: say here what to put in place of its parameter");
    path
}

/// Makes the accounts that are not there at the first start; their passwords.
async fn people(registry: &TestRegistry) -> [String; 3] {
    let admin = registry.log_in("admin").await;
    let add = async |name: &str, role: &str, more: &[&str]| {
        let add = [&["add-account", name, "--role", role, "--generate"], more].concat();
        registry.command(&add).await[0][1].clone()
    };
    let passwords = [
        add("trusted", "operator", &["--permanent"]).await,
        add("disabled", "admin", &["--permanent"]).await,
        add("new", "admin", &[]).await,
    ];
    let all = |change: &mut cardwright_protocol::registry::accounts::ChangeAccount| {
        change.granted = Permission::GRANTABLE.to_vec();
    };
    let _: Account = admin.change_account("trusted", all).await.ok();
    passwords
}

async fn enter(registry: &TestRegistry, passwords: &[String; 3], who: Who) -> Browser {
    let [trusted, disabled, new] = passwords;
    let browser = registry.browser();
    match who {
        Who::Nobody => {}
        Who::Has(role) => return registry.log_in(role.name()).await,
        Who::Granted => drop(browser.log_in("trusted", trusted).await.ok::<Me>()),
        Who::MustChangePassword => drop(browser.log_in("new", new).await.ok::<Me>()),
        Who::Disabled => {
            let admin = registry.log_in("admin").await;
            let able = admin.change_account("disabled", |change| change.disabled = false).await;
            drop(able.ok::<Account>());
            drop(browser.log_in("disabled", disabled).await.ok::<Me>());
            let answer = admin.change_account("disabled", |change| change.disabled = true).await;
            drop(answer.ok::<Account>());
        }
    }
    browser
}

#[tokio::test]
async fn roles_have_the_permissions_of_the_table() {
    let registry = TestRegistry::empty().await;
    let permissions = async |role: Role| {
        registry.log_in(role.name()).await.get("/session").await.ok::<Me>().permissions
    };
    use Permission::{
        CloseForeignProcesses, ConfigureTemplates, InitializeCards, ManageAccounts,
        ManageWorkstations, ReadAudit, ReadCards, UseWorkstations, WithdrawStock,
    };
    assert_eq!(
        permissions(Role::Admin).await,
        [
            ReadCards,
            CloseForeignProcesses,
            ConfigureTemplates,
            UseWorkstations,
            ManageWorkstations,
            ManageAccounts,
            ReadAudit,
        ]
    );
    assert_eq!(
        permissions(Role::Operator).await,
        [ReadCards, InitializeCards, WithdrawStock, UseWorkstations]
    );
    assert_eq!(permissions(Role::Auditor).await, [ReadCards, ReadAudit]);
}

#[tokio::test]
async fn a_command_needs_its_own_permission() {
    let registry = TestRegistry::with_one_card().await;
    let admin = registry.log_in("admin").await;
    admin.enable(CardState::Produced, Command::ALL).await;
    for command in Command::ALL {
        let answer = admin.try_start("TC-1", *command, Some("reason")).await;
        assert_eq!(answer.refused(), ProblemCode::NotPermitted, "{command:?}");
    }
    assert_eq!(admin.card("TC-1").await.version, 1);
}

/// Who started a process needed a permission for it, and lost it with the role.
#[tokio::test]
async fn a_process_of_before_gives_no_job_to_an_account_of_another_role() {
    let story = Story::begin().await;
    let Story { registry, operator, process } = &story;
    let admin = registry.log_in("admin").await;
    let report = registry.desk.report(&operator.nonce(process).await, &chip(7));
    let demoted = admin.change_account("operator", |change| change.role = Role::Auditor).await;
    assert_eq!(demoted.ok::<Account>().role, Role::Auditor);
    let auditor = registry.log_in("operator").await;
    for answer in [
        auditor.post_nothing(&format!("/processes/{process}/nonces")).await,
        auditor.try_assess(process, &report).await,
        auditor.try_job(process, &report, Some("TC-1")).await,
    ] {
        assert_eq!(answer.refused(), ProblemCode::NotPermitted);
    }
    assert_eq!(auditor.process(process).await.job, None);
}
