//! The port of services whose router is elsewhere: what it lets in, what it answers, and how its streams end.

mod fixture;
mod hostile;
mod requests;
mod seals;
mod streams;
