//! The one record of this origin's IndexedDB. It holds a key that the browser does not let out,
//! and its public half as text; nothing else of this program is stored there.

use super::SessionKey;
use futures_util::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::window;
use std::pin::pin;
use wasm_bindgen_futures::JsFuture;
use web_sys::js_sys::{Array, Function, Object, Promise, Reflect};
use web_sys::wasm_bindgen::closure::Closure;
use web_sys::wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    CryptoKey, IdbDatabase, IdbFactory, IdbObjectStore, IdbOpenDbRequest, IdbRequest,
    IdbTransaction, IdbTransactionMode,
};

/// Name of database and object store.
const NAME: &str = "cardwright-session";

/// Key of the record.
const RECORD: &str = "key";

/// Names of the two fields of the record.
const FIELDS: (&str, &str) = ("private", "public");

/// How long the browser may take to open the database, in milliseconds. On a busy computer it takes
/// seconds, and a page that goes on without the key is one where nobody is logged in.
const PATIENCE: u32 = 20_000;

/// Open as long as it is used.
struct Database(IdbDatabase);

impl Drop for Database {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// The key that is kept, if any.
///
/// # Errors
/// This browser keeps nothing, as in some private windows.
pub(super) async fn load() -> Result<Option<SessionKey>, JsValue> {
    if !is_made().await? {
        return Ok(None);
    }
    let database = open().await?;
    let store = transaction(&database, IdbTransactionMode::Readonly)?.object_store(NAME)?;
    let record = done(&store.get(&RECORD.into())?).await?;
    if record.is_undefined() {
        return Ok(None);
    }
    let private = Reflect::get(&record, &FIELDS.0.into())?.dyn_into::<CryptoKey>()?;
    let public = Reflect::get(&record, &FIELDS.1.into())?.as_string().ok_or(JsValue::UNDEFINED)?;
    Ok(Some(SessionKey { private, public }))
}

/// Keeps a key, in the place of the one before.
///
/// # Errors
/// As in [`load`].
pub(super) async fn save(key: &SessionKey) -> Result<(), JsValue> {
    let record = Object::new();
    Reflect::set(&record, &FIELDS.0.into(), &key.private)?;
    Reflect::set(&record, &FIELDS.1.into(), &key.public.as_str().into())?;
    change(|store| store.put_with_key(&record, &RECORD.into())).await
}

/// Removes the key.
///
/// # Errors
/// As in [`load`].
pub(super) async fn remove() -> Result<(), JsValue> {
    change(|store| store.delete(&RECORD.into())).await
}

async fn change(
    change: impl FnOnce(&IdbObjectStore) -> Result<IdbRequest, JsValue>,
) -> Result<(), JsValue> {
    let database = open().await?;
    let transaction = transaction(&database, IdbTransactionMode::Readwrite)?;
    change(&transaction.object_store(NAME)?)?;
    let committed = Promise::new(&mut |resolve, reject| {
        transaction.set_oncomplete(Some(&resolve));
        transaction.set_onabort(Some(&reject));
    });
    JsFuture::from(committed).await.map(drop)
}

fn transaction(database: &Database, mode: IdbTransactionMode) -> Result<IdbTransaction, JsValue> {
    database.0.transaction_with_str_and_mode(NAME, mode)
}

/// Whether there is a database. A login makes it, and nothing that only looks: a page that is left
/// while it makes one can be kept by the browser as it was, and then nobody gets at the database.
async fn is_made() -> Result<bool, JsValue> {
    let factory = factory()?;
    // A browser without this answer makes one for whoever looks.
    let Ok(list) = Reflect::get(&factory, &"databases".into())?.dyn_into::<Function>() else {
        return Ok(true);
    };
    let list = list.call0(&factory)?.dyn_into::<Promise>()?;
    let databases = Array::from(&in_time(JsFuture::from(list)).await?);
    let is_ours =
        |database: JsValue| Reflect::get(&database, &"name".into()).is_ok_and(|name| name == NAME);
    Ok(databases.iter().any(is_ours))
}

fn factory() -> Result<IdbFactory, JsValue> {
    window().indexed_db()?.ok_or(JsValue::UNDEFINED)
}

/// What comes in time, or an error: a page does without the database rather than wait for ever.
async fn in_time<T>(future: impl Future<Output = Result<T, JsValue>>) -> Result<T, JsValue> {
    match select(pin!(future), TimeoutFuture::new(PATIENCE)).await {
        Either::Left((result, _)) => result,
        Either::Right(_) => Err(JsValue::UNDEFINED),
    }
}

async fn open() -> Result<Database, JsValue> {
    let request: IdbOpenDbRequest = factory()?.open(NAME)?;
    let opening = request.clone();
    let make = Closure::once(move || {
        let database = opening.result()?.dyn_into::<IdbDatabase>()?;
        database.create_object_store(NAME).map(drop)
    });
    request.set_onupgradeneeded(Some(make.as_ref().unchecked_ref()));
    in_time(done(&request)).await?.dyn_into().map(Database)
}

/// What a request comes to.
async fn done(request: &IdbRequest) -> Result<JsValue, JsValue> {
    let settled = Promise::new(&mut |resolve, reject| {
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
    });
    JsFuture::from(settled).await?;
    request.result()
}
