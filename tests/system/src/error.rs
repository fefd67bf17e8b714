use cardwright_protocol::helper::HelperError;
use cardwright_protocol::outcome::JobFailure;
use cardwright_protocol::registry::problem::Problem;

/// Why a page could not do what it wanted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The registry does not answer.
    #[error("the registry does not answer: {0}")]
    RegistryGone(String),
    /// The registry refused.
    #[error("the registry refused: {0:?}")]
    Problem(Problem),
    /// The helper does not answer.
    #[error("the helper does not answer: {0}")]
    HelperGone(String),
    /// The helper refused.
    #[error("the helper refused: {0:?}")]
    Refused(HelperError),
    /// Something was said that is not of the protocol.
    #[error("not of the protocol: {0}")]
    NotUnderstood(String),
    /// Something that was waited for did not happen.
    #[error("waited for {0}, in vain; the helper said last: {1}")]
    Late(&'static str, String),
    /// The registry will issue no job for this chip.
    #[error("no job for this chip: {0}")]
    NoJob(String),
    /// The job ended early.
    #[error("the job failed: {0:?}")]
    Failed(Box<JobFailure>),
}

impl Error {
    /// Whether the same may work when everything runs again: the person tries again.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::RegistryGone(_) | Self::HelperGone(_) => true,
            Self::Failed(failure) => failure.cause.is_mendable(),
            Self::Refused(error) => matches!(
                error,
                HelperError::NotInserted
                    | HelperError::NoSuchReader
                    | HelperError::ReaderBusy
                    | HelperError::ServiceStopped
                    | HelperError::JobRefused { .. }
            ),
            Self::Problem(_) | Self::NotUnderstood(_) | Self::Late(..) | Self::NoJob(_) => false,
        }
    }
}
