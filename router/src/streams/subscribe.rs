//! One of those who listen to a shared stream.

use std::{sync::Arc, vec};

use chatty_access::Caller;
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use tokio::sync::broadcast::{self, error::RecvError};

use super::{CAPACITY, Said, Seat};
use crate::{Answer, LimitExceeded, Prepared, operation::Refusal};

/// A subscriber who listens with others.
pub(super) struct Subscriber {
    kept: vec::IntoIter<Answer>,
    receiver: broadcast::Receiver<Said>,
    has_heard: bool,
    /// What to run alone if it must be.
    prepared: Arc<Prepared>,
    caller: Caller,
}

enum State {
    Together(Subscriber),
    Alone(BoxStream<'static, Answer>),
    Ended,
}

impl Subscriber {
    pub(super) fn new(seat: Seat, prepared: Arc<Prepared>, caller: Caller) -> Self {
        let Seat { kept, receiver } = seat;
        Self { kept: kept.into_iter(), receiver, has_heard: false, prepared, caller }
    }

    pub(super) fn answers(self) -> BoxStream<'static, Answer> {
        stream::unfold(State::Together(self), |mut state| async move {
            if let State::Together(subscriber) = state {
                state = match subscriber.hear().await {
                    Heard::Answer(answer, subscriber) => return Some((answer, State::Together(subscriber))),
                    Heard::Last(answer) => return Some((answer, State::Ended)),
                    Heard::Alone(answers) => State::Alone(answers),
                    Heard::End => State::Ended,
                };
            }
            match state {
                State::Alone(mut answers) => Some((answers.next().await?, State::Alone(answers))),
                State::Together(_) | State::Ended => None,
            }
        })
        .boxed()
    }

    async fn hear(mut self) -> Heard {
        if let Some(answer) = self.kept.next() {
            self.has_heard = true;
            return Heard::Answer(answer, self);
        }
        loop {
            return match self.receiver.recv().await {
                Ok(Said::Nothing) => continue,
                Ok(Said::Answer(answer)) => {
                    self.has_heard = true;
                    Heard::Answer(answer, self)
                }
                Ok(Said::Last(answer)) => Heard::Last(answer),
                Err(RecvError::Lagged(_)) => Heard::Last(self.overtaken()),
                Err(RecvError::Closed) if self.has_heard => Heard::End,
                Ok(Said::Refused) | Err(RecvError::Closed) => Heard::Alone(self.prepared.events(self.caller)),
            };
        }
    }

    fn overtaken(&self) -> Answer {
        let message = "the client is too far behind: subscribe again with the last `cursor` that was received";
        let exceeded = LimitExceeded::new("backlog", CAPACITY as u64).saying(message.to_owned());
        Refusal::from(exceeded).answer(&self.caller)
    }
}

/// What comes next for a subscriber.
enum Heard {
    Answer(Answer, Subscriber),
    Last(Answer),
    Alone(BoxStream<'static, Answer>),
    End,
}
