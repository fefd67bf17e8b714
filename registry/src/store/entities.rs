//! The tables as SeaORM sees them. Nothing outside the store knows these types.
#![allow(unreachable_pub, reason = "SeaORM's derives write `pub` on all that they make")]
#![allow(missing_docs, reason = "the migration says what each column is for")]

macro_rules! entity {
    ($module:ident, $table:literal, { $($(#[$attribute:meta])* $field:ident: $kind:ty,)+ }) => {
        pub mod $module {
            use sea_orm::entity::prelude::*;

            #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
            #[sea_orm(table_name = $table)]
            pub struct Model {
                $($(#[$attribute])* pub $field: $kind,)+
            }

            #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
            pub enum Relation {}

            impl ActiveModelBehavior for ActiveModel {}
        }
    };
}

entity!(keys, "keys", {
    #[sea_orm(primary_key, auto_increment = false)] name: String,
    fingerprint: String,
});

entity!(key_exports, "key_exports", {
    #[sea_orm(primary_key, auto_increment = false)] fingerprint: String,
    exported_at: i64,
});

entity!(reveals, "reveals", {
    #[sea_orm(primary_key)] id: i64,
    account: String,
    at: i64,
});

entity!(accounts, "accounts", {
    #[sea_orm(primary_key)] id: i64,
    name: String,
    role: String,
    password_hash: String,
    created_at: i64,
    version: i64,
    granted: String,
    disabled: bool,
    must_change_password: bool,
    logged_in_at: Option<i64>,
});

entity!(sessions, "sessions", {
    #[sea_orm(primary_key, auto_increment = false)] key: String,
    account_id: i64,
    created_at: i64,
    used_at: i64,
});

entity!(login_tries, "login_tries", {
    #[sea_orm(primary_key, auto_increment = false)] kind: String,
    #[sea_orm(primary_key, auto_increment = false)] subject: String,
    failures: i32,
    tried_at: i64,
    blocked_until: i64,
});

entity!(templates, "templates", {
    #[sea_orm(primary_key)] id: i64,
    name: String,
    title: String,
    profile: String,
    validity_days: i32,
    confirm_number: bool,
    allow_erase: bool,
    version: i64,
});

entity!(template_commands, "template_commands", {
    #[sea_orm(primary_key, auto_increment = false)] template_id: i64,
    #[sea_orm(primary_key, auto_increment = false)] state: String,
    #[sea_orm(primary_key, auto_increment = false)] command: String,
    position: i32,
});

entity!(cards, "cards", {
    #[sea_orm(primary_key)] id: i64,
    template_id: i64,
    number: String,
    number_key: String,
    state: String,
    interrupted: bool,
    bureau_order: Option<String>,
    bureau_order_key: Option<String>,
    produced_on: Option<String>,
    expires_on: String,
    expected_cplc: Option<Vec<u8>>,
    chip_name: Option<String>,
    chip_key: Option<String>,
    guid: Option<Vec<u8>>,
    version: i64,
});

entity!(chips, "chips", {
    #[sea_orm(primary_key)] id: i64,
    card_id: i64,
    cplc: Option<Vec<u8>>,
    iin: Option<Vec<u8>>,
    cin: Option<Vec<u8>>,
    first_card_id: Option<Vec<u8>>,
    first_guid: Option<Vec<u8>>,
    serial: Option<Vec<u8>>,
    atr: Option<Vec<u8>>,
    guid: Vec<u8>,
    bound_at: i64,
});

entity!(generations, "generations", {
    #[sea_orm(primary_key)] id: i64,
    chip_id: i64,
    card_id: Vec<u8>,
    pin_nonce: Vec<u8>,
    pin_ciphertext: Vec<u8>,
    state: String,
    issued_at: i64,
    adopted: bool,
});

entity!(recorded_keys, "recorded_keys", {
    #[sea_orm(primary_key, auto_increment = false)] generation_id: i64,
    #[sea_orm(primary_key, auto_increment = false)] reference: Vec<u8>,
    algorithm: String,
    public_key: Vec<u8>,
    job_id: i64,
});

entity!(processes, "processes", {
    #[sea_orm(primary_key, auto_increment = false)] id: String,
    card_id: i64,
    command: String,
    state: String,
    account: String,
    reason: Option<String>,
    failure: Option<String>,
    started_at: i64,
    ended_at: Option<i64>,
});

entity!(nonces, "nonces", {
    #[sea_orm(primary_key)] id: i64,
    process_id: String,
    nonce: Vec<u8>,
});

entity!(jobs, "jobs", {
    #[sea_orm(primary_key)] id: i64,
    name: String,
    process_id: String,
    workstation: String,
    generation_id: i64,
    helper_nonce: Vec<u8>,
    profile_hash: Vec<u8>,
    fasc_n: Vec<u8>,
    expires_on: String,
    state: String,
    outcome: Option<String>,
    outcome_hash: Option<Vec<u8>>,
    outcome_signature: Option<Vec<u8>>,
    outcome_at: Option<i64>,
    issued_at: i64,
    account: String,
    pin_reserved: i16,
    puk_reserved: i16,
    puk_first: String,
    erase: bool,
    workstation_key: Option<i64>,
    doubted: bool,
});

entity!(stray_outcomes, "stray_outcomes", {
    #[sea_orm(primary_key)] id: i64,
    hash: Vec<u8>,
    workstation: String,
    statement: String,
    signature: Vec<u8>,
    card_id: Option<i64>,
    at: i64,
});

entity!(workstations, "workstations", {
    #[sea_orm(primary_key, auto_increment = false)] id: String,
    name: String,
    name_key: String,
    version: i64,
    state: String,
    helper_version: Option<String>,
    protocol: Option<i32>,
    added_at: i64,
    enrolled_at: Option<i64>,
    used_at: Option<i64>,
});

entity!(workstation_keys, "workstation_keys", {
    #[sea_orm(primary_key)] id: i64,
    workstation_id: String,
    signing_key: Vec<u8>,
    sealing_key: Vec<u8>,
    state: String,
    enrolled_at: i64,
});

entity!(invitations, "invitations", {
    #[sea_orm(primary_key, auto_increment = false)] name: String,
    workstation_id: String,
    enrolment_key: Vec<u8>,
    made_at: i64,
    wrong_proofs: i32,
    statement: Option<String>,
    answer: Option<String>,
});

entity!(counters, "counters", {
    #[sea_orm(primary_key, auto_increment = false)] scope: String,
    since: i64,
    count: i64,
});

entity!(helper_refusals, "helper_refusals", {
    #[sea_orm(primary_key, auto_increment = false)] refused_hash: Vec<u8>,
    workstation_id: String,
    at: i64,
});

entity!(audit_events, "audit_events", {
    #[sea_orm(primary_key, auto_increment = false)] seq: i64,
    at: i64,
    by: String,
    kind: String,
    card_id: Option<i64>,
    process_id: Option<String>,
    what: String,
    state: Option<String>,
    previous: Vec<u8>,
    hash: Vec<u8>,
});
