//! Attempts, counted for the brake.

use chatty_store::{Result, Tx, query};
use chrono::{DateTime, Utc};

use crate::domain::brake::Subject;

/// Counts one more, and how many there are in the window; `None` if there were `limit` already, which changes nothing.
/// If `is_strict`, the window begins anew with each.
pub(crate) async fn upsert_attempt(
    tx: &mut Tx,
    subject: &Subject,
    limit: i64,
    is_strict: bool,
    (now, end): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Option<i64>> {
    let counted = query!(
        "INSERT INTO attempt (subject, count, window_end) VALUES ($1, 1, $2)
         ON CONFLICT (subject) DO UPDATE SET
             count = CASE WHEN attempt.window_end <= $3 THEN 1 ELSE attempt.count + 1 END,
             window_end = CASE WHEN $5 OR attempt.window_end <= $3 THEN excluded.window_end ELSE attempt.window_end END
         WHERE attempt.window_end <= $3 OR attempt.count < $4
         RETURNING count"
    )
    .bind(subject.as_bytes())
    .bind(end)
    .bind(now)
    .bind(limit)
    .bind(is_strict)
    .fetch_optional::<(i64,)>(tx)
    .await?;
    Ok(counted.map(|(count,)| count))
}

/// Until when the subject must be left alone.
pub(crate) async fn find_end(tx: &mut Tx, subject: &Subject) -> Result<Option<DateTime<Utc>>> {
    let end = query!("SELECT window_end FROM attempt WHERE subject = $1")
        .bind(subject.as_bytes())
        .fetch_optional::<(DateTime<Utc>,)>(tx)
        .await?;
    Ok(end.map(|(end,)| end))
}

/// Counts one less.
pub(crate) async fn update_less(tx: &mut Tx, subject: &Subject) -> Result<()> {
    query!("UPDATE attempt SET count = count - 1 WHERE subject = $1 AND count > 0")
        .bind(subject.as_bytes())
        .execute(tx)
        .await?;
    Ok(())
}

/// Forgets the subject.
pub(crate) async fn delete_attempts(tx: &mut Tx, subject: &Subject) -> Result<()> {
    query!("DELETE FROM attempt WHERE subject = $1").bind(subject.as_bytes()).execute(tx).await?;
    Ok(())
}

/// Forgets subjects that were left alone.
pub(crate) async fn delete_attempts_before(tx: &mut Tx, time: DateTime<Utc>) -> Result<u64> {
    query!("DELETE FROM attempt WHERE window_end < $1").bind(time).execute(tx).await
}
