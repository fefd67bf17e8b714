//! Passwords of accounts: Argon2id (RFC 9106), away from the threads that serve requests.

use crate::config::PasswordCost;
use crate::escrow::{EscrowError, random_bytes};
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use cardwright_seal::Secret;
use std::sync::Arc;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Hashes at a time: each takes memory.
const MAX_HASHES: usize = 4;

/// People whose passwords are compared or wait for it.
const MAX_TURNS: usize = 64;

/// Why a password was not hashed or not compared.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PasswordError {
    /// The operating system gives no random numbers.
    #[error("the operating system gives no random numbers")]
    Random(#[from] EscrowError),
    /// Argon2 refuses its parameters or a stored hash.
    #[error("Argon2 refused the parameters or the stored hash")]
    Argon2,
    /// Too many people wait for it.
    #[error("too many passwords wait to be compared")]
    Busy,
    /// The worker ended before its work.
    #[error("the worker that hashes passwords ended early")]
    Worker,
}

/// Hashes and compares passwords.
#[derive(Clone)]
pub(crate) struct Passwords {
    argon2: Argon2<'static>,
    /// Bounds the memory that logins take together.
    running: Arc<Semaphore>,
    /// Bounds how many wait for that.
    turns: Arc<Semaphore>,
}

/// The right to have one password compared.
pub(crate) struct Turn<'a> {
    passwords: &'a Passwords,
    /// Given back when this is dropped.
    _turn: SemaphorePermit<'a>,
}

impl Passwords {
    /// Passwords of this cost.
    pub(crate) fn new(cost: PasswordCost) -> Result<Self, PasswordError> {
        let params = Params::new(cost.memory, cost.passes, 1, None);
        let params = params.map_err(|_| PasswordError::Argon2)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let running = Arc::new(Semaphore::new(MAX_HASHES));
        Ok(Self { argon2, running, turns: Arc::new(Semaphore::new(MAX_TURNS)) })
    }

    /// Hashes a password; the result is a PHC string.
    pub(crate) async fn hash(&self, password: Secret) -> Result<String, PasswordError> {
        self.work(move |argon2| {
            let hash = argon2.hash_password(password.expose());
            hash.map(|hash| hash.to_string()).map_err(|_| PasswordError::Argon2)
        })
        .await
    }

    /// A turn to compare a password; none when too many wait.
    pub(crate) fn turn(&self) -> Result<Turn<'_>, PasswordError> {
        let turn = self.turns.try_acquire().map_err(|_| PasswordError::Busy)?;
        Ok(Turn { passwords: self, _turn: turn })
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Argon2<'static>) -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let permit = Arc::clone(&self.running).acquire_owned().await;
        let permit = permit.map_err(|_| PasswordError::Worker)?;
        let argon2 = self.argon2.clone();
        let done = tokio::task::spawn_blocking(move || {
            let result = work(&argon2);
            drop(permit);
            result
        });
        done.await.map_err(|_| PasswordError::Worker)?
    }
}

impl Turn<'_> {
    /// Whether a password is the one of this hash. Without a hash it is not, and finding that out
    /// takes as long, so that nobody learns which names exist.
    pub(crate) async fn matches(
        self,
        password: Secret,
        hash: Option<String>,
    ) -> Result<bool, PasswordError> {
        let work = move |argon2: &Argon2<'static>| match hash {
            Some(hash) => {
                let hash = PasswordHash::new(&hash).map_err(|_| PasswordError::Argon2)?;
                Ok(argon2.verify_password(password.expose(), &hash).is_ok())
            }
            None => {
                let hash = argon2.hash_password(password.expose());
                hash.map(|_| false).map_err(|_| PasswordError::Argon2)
            }
        };
        self.passwords.work(work).await
    }
}

/// A random password: 20 characters of 32 that nobody confuses, 100 bits.
pub(crate) fn random_password() -> Result<Secret, EscrowError> {
    const CHARACTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let bytes: [u8; 20] = random_bytes()?;
    Ok(Secret::new(bytes.iter().map(|byte| CHARACTERS[usize::from(byte % 32)]).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_matches() {
        let passwords = Passwords::new(PasswordCost { memory: 8, passes: 1 }).unwrap();
        let right = random_password().unwrap();
        let hash = passwords.hash(right.clone()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{hash}");
        let matches = async |password: &Secret, hash: Option<&String>| {
            passwords.turn().unwrap().matches(password.clone(), hash.cloned()).await.unwrap()
        };
        assert!(matches(&right, Some(&hash)).await);
        assert!(!matches(&random_password().unwrap(), Some(&hash)).await);
        assert!(!matches(&right, None).await);
    }

    #[test]
    fn only_so_many_wait_for_their_turn() {
        let passwords = Passwords::new(PasswordCost { memory: 8, passes: 1 }).unwrap();
        let mut turns: Vec<_> = (0..MAX_TURNS).map(|_| passwords.turn().unwrap()).collect();
        assert!(matches!(passwords.turn(), Err(PasswordError::Busy)));
        turns.pop();
        assert!(passwords.turn().is_ok());
    }
}
