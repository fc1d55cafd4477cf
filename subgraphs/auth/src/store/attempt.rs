//! Attempts, counted for the brake.

use chatty_store::{Result, Tx, query};
use chrono::{DateTime, Utc};

use crate::domain::brake::Subject;

/// An attempt on a subject, and what its rule allows.
pub(crate) struct Counted<'a> {
    pub(crate) subject: &'a Subject,
    /// How many a window may have.
    pub(crate) most: i64,
    /// Whether the window begins anew with each.
    pub(crate) is_strict: bool,
    /// When a window ends that begins now.
    pub(crate) window_end: DateTime<Utc>,
}

/// Counts one more of each, and how many there are in their windows. What has as many as it may is left as it is and not
/// among the answers. One statement, because everybody who signs in waits for it.
pub(crate) async fn upsert_attempts(
    tx: &mut Tx,
    [one, other]: &[Counted<'_>; 2],
    now: DateTime<Utc>,
) -> Result<Vec<(Vec<u8>, i64)>> {
    query!(
        "INSERT INTO attempt (subject, count, most, is_strict, window_end)
         VALUES ($1, 1, $2, $3, $4), ($5, 1, $6, $7, $8)
         ON CONFLICT (subject) DO UPDATE SET
             count = CASE WHEN attempt.window_end <= $9 THEN 1 ELSE attempt.count + 1 END,
             window_end = CASE
                 WHEN excluded.is_strict OR attempt.window_end <= $9 THEN excluded.window_end
                 ELSE attempt.window_end
             END
         WHERE attempt.window_end <= $9 OR attempt.count < excluded.most
         RETURNING subject, count"
    )
    .bind(one.subject.as_bytes())
    .bind(one.most)
    .bind(one.is_strict)
    .bind(one.window_end)
    .bind(other.subject.as_bytes())
    .bind(other.most)
    .bind(other.is_strict)
    .bind(other.window_end)
    .bind(now)
    .fetch_all(tx)
    .await
}

/// When the window of the subject ends.
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

/// Forgets subjects whose window ended before `time`.
pub(crate) async fn delete_attempts_before(tx: &mut Tx, time: DateTime<Utc>) -> Result<u64> {
    query!("DELETE FROM attempt WHERE window_end < $1").bind(time).execute(tx).await
}
