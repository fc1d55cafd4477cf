//! Threads that do nothing but hash, each with its memory.
//!
//! They give way to all other threads: a hash takes ten milliseconds, and whoever only wants a turn of a core for a moment,
//! such as to read a row, would wait for it. So a storm of sign-ins slows down nothing but sign-ins, and these not either,
//! because what has to be done before the next hash is done beside this one.

use std::{
    io,
    num::NonZeroU32,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex,
        mpsc::{self, Receiver, Sender},
    },
    thread,
};

use argon2::Block;

use super::MEMORY_KIB;

/// Something to compute in the thread's memory.
pub(super) type Job = Box<dyn FnOnce(&mut Vec<Block>) + Send>;

/// The threads. They end when this is dropped and what waits is done.
pub(super) struct Threads(Sender<Job>);

impl Threads {
    pub(super) fn start(number: NonZeroU32) -> io::Result<Self> {
        let (sender, receiver) = mpsc::channel();
        let receiver = Arc::new(Mutex::new(receiver));
        for _ in 0..number.get() {
            let receiver = Arc::clone(&receiver);
            thread::Builder::new().name("hash".to_owned()).spawn(move || work(&receiver))?;
        }
        Ok(Self(sender))
    }

    /// Does the job when its turn comes. How many wait is the caller's to bound.
    pub(super) fn run(&self, job: Job) {
        // The threads end after this does. Were they gone all the same, the job would be dropped, which its waiter notices.
        let _sent = self.0.send(job);
    }
}

fn work(jobs: &Mutex<Receiver<Job>>) {
    give_way();
    let mut blocks = Vec::new();
    loop {
        let job = jobs.lock().expect("no code panics while holding the jobs").recv();
        let Ok(job) = job else { return };
        // A defect in a job is its waiter's trouble: the thread goes on.
        if catch_unwind(AssertUnwindSafe(|| job(&mut blocks))).is_err() {
            blocks = Vec::new();
        }
        // What a costlier hash from elsewhere took is given back to the system.
        if blocks.len() * Block::SIZE > MEMORY_KIB as usize * 1_024 {
            blocks = Vec::new();
        }
    }
}

/// Of threads that want a core the others come first. Where the system knows no priorities of threads, nothing changes.
#[cfg(target_os = "linux")]
fn give_way() {
    const NICE: i32 = 10;
    // Without a number it is this thread alone.
    if let Err(error) = rustix::process::setpriority_process(None, NICE) {
        tracing::warn!(%error, "threads that hash do not give way");
    }
}

#[cfg(not(target_os = "linux"))]
fn give_way() {}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn a_job_that_panics_takes_no_thread_along() {
        let threads = Threads::start(NonZeroU32::MIN).unwrap();
        let (lost, waiter) = oneshot::channel::<()>();
        threads.run(Box::new(move |_| {
            let _lost = lost;
            panic!("a defect");
        }));
        assert!(waiter.await.is_err());
        let (done, waiter) = oneshot::channel();
        threads.run(Box::new(move |blocks| done.send(blocks.len()).unwrap()));
        assert_eq!(waiter.await, Ok(0));
    }
}
