use crate::world::TestRegistry;
use cardwright_protocol::domain::{CardState, Command};
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::templates::{
    ChangeState, ChangeTemplate, Template, TemplateSummary,
};

fn change(version: u64, states: &[(CardState, &[Command])]) -> ChangeTemplate {
    let states = states
        .iter()
        .map(|(state, enabled)| ChangeState { state: *state, enabled: enabled.to_vec() })
        .collect();
    ChangeTemplate { version, confirm_number: true, allow_erase: false, states }
}

#[tokio::test]
async fn a_new_template_has_every_state_and_nothing_enabled() {
    let registry = TestRegistry::with(&[["TC-1", "produced", "", "2026-11-02", ""]]).await;
    let admin = registry.log_in("admin").await;
    let list: Vec<TemplateSummary> = admin.get("/templates").await.ok();
    assert_eq!(
        list,
        [TemplateSummary {
            name: "temporary-card".into(),
            title: "Temporary card".into(),
            cards: 1
        }]
    );
    let template = admin.template().await;
    assert!(template.confirm_number);
    assert_eq!(template.states.iter().map(|s| s.state).collect::<Vec<_>>(), CardState::ALL);
    assert!(template.states.iter().all(|state| state.enabled.is_empty()));
    let produced = &template.states[3];
    assert_eq!(produced.possible, Command::ALL);
    assert_eq!(admin.get("/templates/other").await.refused(), ProblemCode::NotFound);
}

#[tokio::test]
async fn commands_are_enabled_in_their_order_and_other_states_stay() {
    let registry = TestRegistry::empty().await;
    let admin = registry.log_in("admin").await;
    let order = [Command::MarkAsLost, Command::InitializeTemporaryCard];
    admin.enable(CardState::Produced, &order).await;
    admin.enable(CardState::Ordered, &[Command::MarkAsLost]).await;
    let template = admin.template().await;
    assert_eq!(template.version, 3);
    assert_eq!(template.states[3].enabled, order);
    assert_eq!(template.states[1].enabled, [Command::MarkAsLost]);
    admin.enable(CardState::Produced, &[]).await;
    assert_eq!(admin.template().await.states[3].enabled, []);
    admin.confirm_number(false).await;
    assert!(!admin.template().await.confirm_number);
}

#[tokio::test]
async fn the_state_graph_can_only_be_narrowed() {
    let registry = TestRegistry::empty().await;
    let admin = registry.log_in("admin").await;
    let before = admin.template().await;
    let initialize = &[Command::InitializeTemporaryCard][..];
    let twice = &[Command::MarkAsLost, Command::MarkAsLost][..];
    let produced = CardState::Produced;
    let wrong = [
        change(1, &[(CardState::Locked, initialize)]),
        change(1, &[(produced, twice)]),
        change(1, &[(produced, initialize), (produced, &[])]),
    ];
    for change in wrong {
        let problem = admin.change_template(&change).await.problem();
        assert_eq!(problem.code, ProblemCode::Invalid);
        assert_eq!(problem.field.as_deref(), Some("states"));
    }
    let _: Template = admin.change_template(&change(1, &[(produced, initialize)])).await.ok();
    let stale = admin.change_template(&change(1, &[(produced, &[])])).await;
    assert_eq!(stale.refused(), ProblemCode::StaleVersion);
    let after = admin.template().await;
    assert_eq!(
        (after.version, after.states[3].enabled.as_slice()),
        (before.version + 1, initialize)
    );
}
