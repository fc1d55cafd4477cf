//! Real processes on PostgreSQL and RabbitMQ, and what may happen to them: killed, held still, cut off, replaced.
//!
//! What was acknowledged is compared with what is there afterwards, as sets: nothing lost, nothing doubled. Stories wait
//! for conditions and never move a clock. `scripts/test-all faults` starts the two servers, which the stories kill and
//! restart, and names them in the environment. `CHATTY_TEST_FAULT_ROUNDS` makes them longer.

#![expect(clippy::unwrap_used, reason = "in what tests share, too, an unwrap is an assertion")]
#![expect(clippy::print_stdout, reason = "figures that are reported and not tested")]

mod cluster;
mod ledger;
mod outages;
mod revocation;
mod rolling;
mod topologies;
mod world;
