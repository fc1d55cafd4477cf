//! Who is trusted with what.

use chatty_store::{Result, Tx, query};
use chatty_types::UserId;

use super::account::AccountRow;

/// All administrators, whether their accounts are in use or not.
pub(crate) async fn list_admins(tx: &mut Tx) -> Result<Vec<UserId>> {
    let rows = query!("SELECT id FROM account WHERE role = 'ADMIN'").fetch_all::<(UserId,)>(tx).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Stores the account's role and version.
pub(crate) async fn update_role(tx: &mut Tx, account: &AccountRow) -> Result<()> {
    query!("UPDATE account SET role = $2, version = $3 WHERE id = $1")
        .bind(account.id)
        .bind(account.role.0.as_str())
        .bind(account.version)
        .execute(tx)
        .await?;
    Ok(())
}

/// Locks the user's sessions until the transaction ends, so that none gets another token meanwhile.
pub(crate) async fn lock_sessions(tx: &mut Tx, user: UserId) -> Result<u64> {
    query!("UPDATE session SET rotated_at = rotated_at WHERE user_id = $1 AND ended_at IS NULL")
        .bind(user)
        .execute(tx)
        .await
}
