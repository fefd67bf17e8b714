use super::view::profile_of;
use super::{ActionError, Person, invalid, not_found, stale_version};
use crate::graph;
use crate::registry::Registry;
use crate::store::{Event, EventKind, TemplateRecord};
use cardwright_protocol::domain::{CardState, Command};
use cardwright_protocol::registry::templates::{
    ChangeTemplate, StateCommands, Template, TemplateSummary,
};
use std::collections::HashSet;

/// All templates.
pub(crate) async fn list(registry: &Registry) -> Result<Vec<TemplateSummary>, ActionError> {
    let snapshot = registry.store.read().await?;
    let mut summaries = Vec::new();
    for template in snapshot.templates().await? {
        let cards = snapshot.card_count(&template).await?;
        let TemplateRecord { name, title, .. } = template;
        summaries.push(TemplateSummary { name, title, cards });
    }
    Ok(summaries)
}

/// A template, whole.
pub(crate) async fn template(registry: &Registry, name: &str) -> Result<Template, ActionError> {
    let snapshot = registry.store.read().await?;
    let record = snapshot.template(name).await?.ok_or_else(|| not_found("template"))?;
    whole(registry, &record)
}

/// Changes a template. The state graph can only be narrowed.
pub(crate) async fn change(
    registry: &Registry,
    person: &Person,
    name: &str,
    request: ChangeTemplate,
) -> Result<Template, ActionError> {
    check(&request)?;
    let transaction = person.begin(&registry.store).await?;
    let record = transaction.template(name).await?.ok_or_else(|| not_found("template"))?;
    if record.version != request.version {
        return Err(stale_version());
    }
    let named: HashSet<CardState> = request.states.iter().map(|change| change.state).collect();
    let kept = record.enabled.iter().copied().filter(|(state, _)| !named.contains(state));
    let new = request
        .states
        .iter()
        .flat_map(|change| change.enabled.iter().map(|command| (change.state, *command)));
    let enabled: Vec<(CardState, Command)> = kept.chain(new).collect();
    let ChangeTemplate { confirm_number, allow_erase, .. } = request;
    let new = TemplateRecord { confirm_number, allow_erase, enabled, ..record.clone() };
    transaction.change_template(&new).await?;
    let event = Event {
        at: registry.now(),
        by: person.name.clone(),
        kind: EventKind::TemplateChanged,
        card: None,
        process: None,
        what: in_words(&record, &request),
        state: None,
    };
    transaction.record(event).await?;
    let changed = transaction.template(name).await?.ok_or_else(|| not_found("template"))?;
    let changed = whole(registry, &changed)?;
    transaction.commit().await?;
    Ok(changed)
}

fn check(request: &ChangeTemplate) -> Result<(), ActionError> {
    let mut states = HashSet::new();
    for change in &request.states {
        let state = change.state.title();
        if !states.insert(change.state) {
            return Err(invalid("states", format!("State {state} is there twice.")));
        }
        let mut commands = HashSet::new();
        for command in &change.enabled {
            let title = command.title();
            if graph::target(change.state, *command).is_none() {
                let message = format!("{title} is not possible in state {state}.");
                return Err(invalid("states", message));
            }
            if !commands.insert(*command) {
                return Err(invalid("states", format!("{title} is there twice in {state}.")));
            }
        }
    }
    Ok(())
}

fn whole(registry: &Registry, record: &TemplateRecord) -> Result<Template, ActionError> {
    let commands = |state: &CardState| StateCommands {
        state: *state,
        enabled: record.enabled_in(*state).collect(),
        possible: graph::possible(*state),
    };
    Ok(Template {
        name: record.name.clone(),
        title: record.title.clone(),
        version: record.version,
        profile: profile_of(registry, record)?.profile.title.clone(),
        confirm_number: record.confirm_number,
        allow_erase: record.allow_erase,
        states: CardState::ALL.iter().map(commands).collect(),
    })
}

fn in_words(record: &TemplateRecord, request: &ChangeTemplate) -> String {
    let mut words = format!("Template {} changed", record.title);
    for change in &request.states {
        let titles: Vec<_> = change.enabled.iter().map(|command| command.title()).collect();
        let titles = if titles.is_empty() { "nothing".to_owned() } else { titles.join(", ") };
        words += &format!("; {}: {titles}", change.state.title());
    }
    let options = [
        ("printed number to be confirmed", record.confirm_number, request.confirm_number),
        ("used chips may be erased", record.allow_erase, request.allow_erase),
    ];
    for (option, before, now) in options {
        if now != before {
            words += &format!("; {option}: {}", if now { "yes" } else { "no" });
        }
    }
    words
}
