//! Counts statements, so that a test can say how many a request may cost.

use std::cell::Cell;

tokio::task_local! {
    static COUNT: Cell<u64>;
}

/// Runs the future and tells how many statements it sent from its own task.
///
/// BEGIN and COMMIT do not count, nor does a list statement that was answered without the database. Tasks that the
/// future spawns count for themselves.
pub async fn counted<F: Future>(future: F) -> (F::Output, u64) {
    let (output, count) = COUNT
        .scope(Cell::new(0), async {
            let output = future.await;
            (output, COUNT.with(Cell::get))
        })
        .await;
    add(count);
    (output, count)
}

/// Notes `statements` for the innermost [`counted`] around this task, if any.
pub(crate) fn add(statements: u64) {
    // Outside `counted` there is nothing to count for.
    let _ = COUNT.try_with(|count| count.set(count.get() + statements));
}
