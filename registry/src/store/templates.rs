use super::entities::{cards, template_commands, templates};
use super::{Snapshot, StoreError, Transaction};
use cardwright_protocol::domain::{CardState, Command};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    sea_query::Expr,
};

/// A template with its enabled commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TemplateRecord {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) title: String,
    /// Name of the profile that chips of its cards follow.
    pub(crate) profile: String,
    pub(crate) validity_days: u32,
    pub(crate) confirm_number: bool,
    /// Operators may erase a chip that has values of somebody else.
    pub(crate) allow_erase: bool,
    pub(crate) version: u64,
    /// Enabled commands by state, in their order.
    pub(crate) enabled: Vec<(CardState, Command)>,
}

impl TemplateRecord {
    /// The commands that are enabled in a state, in their order.
    pub(crate) fn enabled_in(&self, state: CardState) -> impl Iterator<Item = Command> {
        self.enabled.iter().filter(move |(of, _)| *of == state).map(|(_, command)| *command)
    }
}

impl Snapshot {
    /// The template of this name.
    pub(crate) async fn template(&self, name: &str) -> Result<Option<TemplateRecord>, StoreError> {
        let row = templates::Entity::find()
            .filter(templates::Column::Name.eq(name))
            .one(&self.database)
            .await?;
        match row {
            Some(row) => Ok(Some(self.with_commands(row).await?)),
            None => Ok(None),
        }
    }

    /// All templates.
    pub(crate) async fn templates(&self) -> Result<Vec<TemplateRecord>, StoreError> {
        let rows = templates::Entity::find()
            .order_by_asc(templates::Column::Id)
            .all(&self.database)
            .await?;
        let mut records = Vec::with_capacity(rows.len());
        for row in rows {
            records.push(self.with_commands(row).await?);
        }
        Ok(records)
    }

    /// How many cards a template has.
    pub(crate) async fn card_count(&self, template: &TemplateRecord) -> Result<u64, StoreError> {
        let of_template = cards::Column::TemplateId.eq(template.id);
        Ok(cards::Entity::find().filter(of_template).count(&self.database).await?)
    }

    async fn with_commands(&self, row: templates::Model) -> Result<TemplateRecord, StoreError> {
        let commands = template_commands::Entity::find()
            .filter(template_commands::Column::TemplateId.eq(row.id))
            .order_by_asc(template_commands::Column::Position)
            .all(&self.database)
            .await?;
        let enabled = commands
            .iter()
            .map(|row| Some((CardState::from_name(&row.state)?, Command::from_name(&row.command)?)))
            .collect::<Option<Vec<_>>>()
            .ok_or(StoreError::Unreadable("template_commands"))?;
        let unreadable = |_| StoreError::Unreadable("templates");
        Ok(TemplateRecord {
            id: row.id,
            name: row.name,
            title: row.title,
            profile: row.profile,
            validity_days: row.validity_days.try_into().map_err(unreadable)?,
            confirm_number: row.confirm_number,
            allow_erase: row.allow_erase,
            version: row.version.try_into().map_err(unreadable)?,
            enabled,
        })
    }
}

impl Transaction {
    /// Makes a template without enabled commands.
    pub(crate) async fn insert_template(
        &self,
        name: &str,
        title: &str,
        profile: &str,
        validity_days: i32,
    ) -> Result<(), StoreError> {
        let row = templates::ActiveModel {
            id: NotSet,
            name: Set(name.to_owned()),
            title: Set(title.to_owned()),
            profile: Set(profile.to_owned()),
            validity_days: Set(validity_days),
            confirm_number: Set(true),
            allow_erase: Set(false),
            version: Set(1),
        };
        templates::Entity::insert(row).exec(&self.database).await?;
        Ok(())
    }

    /// Writes a template's options and enabled commands, all of them, if it is still of the
    /// record's version.
    pub(crate) async fn change_template(
        &self,
        template: &TemplateRecord,
    ) -> Result<(), StoreError> {
        let version = template.version as i64;
        let changed = templates::Entity::update_many()
            .col_expr(templates::Column::ConfirmNumber, Expr::value(template.confirm_number))
            .col_expr(templates::Column::AllowErase, Expr::value(template.allow_erase))
            .col_expr(templates::Column::Version, Expr::value(version + 1))
            .filter(templates::Column::Id.eq(template.id))
            .filter(templates::Column::Version.eq(version))
            .exec(&self.database)
            .await?;
        if changed.rows_affected != 1 {
            return Err(StoreError::Stale);
        }
        template_commands::Entity::delete_many()
            .filter(template_commands::Column::TemplateId.eq(template.id))
            .exec(&self.database)
            .await?;
        let rows = (0_i32..).zip(&template.enabled).map(|(position, (state, command))| {
            template_commands::ActiveModel {
                template_id: Set(template.id),
                state: Set(state.name().to_owned()),
                command: Set(command.name().to_owned()),
                position: Set(position),
            }
        });
        if !template.enabled.is_empty() {
            template_commands::Entity::insert_many(rows).exec(&self.database).await?;
        }
        Ok(())
    }
}
