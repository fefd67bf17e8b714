//! The virtual card in process, and behind the real PC/SC service.

mod in_process;
