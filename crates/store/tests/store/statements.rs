//! Every statement is registered, prepared by both databases, and counted.

use chatty_store::{Query, counted, prepare_all, query, statements};
use chatty_types::PostId;

use crate::fixture::{author_of, count_posts, on_each};

/// Statements that compile and that no database accepts.
mod planted {
    use super::{Query, query};

    pub(super) fn unknown_column() -> Query {
        query!("SELECT nothing FROM posts")
    }

    pub(super) fn unknown_table() -> Query {
        query!("DELETE FROM nowhere WHERE id IN ($ids)")
    }
}

#[tokio::test]
async fn every_statement_is_accepted() {
    on_each(async |db, _| {
        for module in ["store::fixture", "store::lists", "store::refusals", "store::rows", "store::transactions"] {
            let registered = statements().filter(|statement| statement.at.starts_with(&format!("{module}:"))).count();
            assert!(registered > 0, "{module} registers nothing");
            assert_eq!(prepare_all(&db, module).await.unwrap(), registered, "{module}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_statement_that_is_not_accepted_is_named() {
    drop((planted::unknown_column(), planted::unknown_table()));
    on_each(async |db, _| {
        let mut failures: Vec<_> = prepare_all(&db, "store::statements")
            .await
            .unwrap_err()
            .into_iter()
            .map(|failure| failure.statement)
            .collect();
        failures.sort_by_key(|statement| statement.sql);
        let texts: Vec<_> = failures.iter().map(|statement| statement.sql).collect();
        assert_eq!(texts, ["DELETE FROM nowhere WHERE id IN ($ids)", "SELECT nothing FROM posts"]);
        assert!(failures[0].at.starts_with("store::statements::planted:"), "{}", failures[0].at);
        assert_eq!(prepare_all(&db, "store::state").await.unwrap(), 0, "half a name is no module");
    })
    .await;
}

#[tokio::test]
async fn statements_are_counted_and_transactions_are_not() {
    on_each(async |db, clock| {
        let (_, posts) = author_of(&db, &clock, 2).await;
        let ((), statements) = counted(async {
            let mut tx = db.begin().await.unwrap();
            query!("UPDATE posts SET likes = likes + 1 WHERE id = $1").bind(posts[0]).execute(&mut tx).await.unwrap();
            query!("SELECT likes FROM posts WHERE id = $1").bind(posts[0]).fetch_one::<(i64,)>(&mut tx).await.unwrap();
            tx.commit().await.unwrap();
            let (_, inner) = counted(count_posts(&db)).await;
            assert_eq!(inner, 1);
        })
        .await;
        assert_eq!(statements, 3);
        let ((), none) = counted(async {
            query!("SELECT id FROM posts WHERE id IN ($ids)")
                .bind_list("ids", [posts[0]; 0])
                .fetch_all::<(PostId,)>(&db)
                .await
                .unwrap();
        })
        .await;
        assert_eq!(none, 0);
    })
    .await;
}
