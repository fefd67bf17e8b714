use crate::world::TestRegistry;
use cardwright_protocol::domain::{CardState, Command, Permission, Role};
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::session::Me;
use cardwright_registry::{Access, ROUTES};
use reqwest::Method;

/// Walks every route of the table as nobody, as operator and as admin: who may not is told so
/// before anything else is looked at, and who may is not.
#[tokio::test]
async fn every_route_lets_through_exactly_whom_the_table_says() {
    let registry = TestRegistry::with_one_card().await;
    let nobody = registry.browser();
    for route in ROUTES {
        let path = route.path.replace("{number}", "TC-1").replace("{id}", "unknown");
        let path = path.replace("{name}", "temporary-card");
        let method: Method = route.method.parse().unwrap();
        let name = format!("{method} {path}");
        let answer = nobody.send(method.clone(), &path, &[], None).await;
        match route.access {
            Access::Anyone | Access::AnyKey => {
                assert_eq!(answer.refused(), ProblemCode::Malformed, "{name}");
            }
            _ => assert_eq!(answer.refused(), ProblemCode::NotLoggedIn, "{name}"),
        }
        for role in Role::ALL {
            let browser = registry.log_in(role.name()).await;
            let me: Me = browser.get("/session").await.ok();
            let answer = browser.send(method.clone(), &path, &[], None).await;
            let may = match route.access {
                Access::May(permission) => me.may(permission),
                _ => true,
            };
            match may {
                true => assert_ne!(answer.status, 403, "{name} as {role:?}"),
                false => assert_eq!(answer.refused(), ProblemCode::NotPermitted, "{name}"),
            }
        }
    }
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
