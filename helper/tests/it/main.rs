//! The helper's program: its door over real sockets, its work over a real PC/SC service and
//! virtual cards.

mod altered;
mod canary;
mod command_line;
mod door;
mod enroll;
mod enroll_network;
mod execute;
mod faults;
mod flood;
mod folder;
mod frames;
mod full_disk;
mod inspect;
mod journal;
mod known_jobs;
mod neighbor;
mod readers;
mod refuse;
mod support;
mod tickets;
mod unread;
mod wire;
