//! The shop in four subgraphs, and in one plain schema: the same types, the same data, the same answers.

use async_graphql::{EmptyMutation, EmptySubscription, SDLExportOptions, Schema, ValidationMode};

use crate::data::{DATA, Data, shipping_estimate};

/// The names of the subgraphs, in the order of their schemas.
pub(crate) const NAMES: [&str; 4] = ["accounts", "inventory", "products", "reviews"];

/// A subgraph's SDL and the subgraph.
pub(crate) type Built = (String, std::sync::Arc<dyn chatty_kit::Subgraph>);

/// The four subgraphs, named by [`NAMES`]. They trust the router's documents, as Chatty's own do.
pub(crate) fn all() -> [Built; 4] {
    [build(accounts::Query), build(inventory::Query), build(products::Query), build(reviews::Query)]
}

fn build<Q: async_graphql::ObjectType + 'static>(query: Q) -> Built {
    let schema = Schema::build(query, EmptyMutation, EmptySubscription)
        .enable_federation()
        .validation_mode(ValidationMode::Fast)
        .limit_recursive_depth(64)
        .finish();
    (schema.sdl_with_options(SDLExportOptions::new().federation()), std::sync::Arc::new(schema))
}

/// The same graph as one schema.
pub(crate) fn plain(mode: ValidationMode) -> Schema<plain::Query, EmptyMutation, EmptySubscription> {
    Schema::build(plain::Query, EmptyMutation, EmptySubscription).validation_mode(mode).finish()
}

/// How many of the products are top.
fn top(first: Option<i32>) -> std::ops::Range<usize> {
    let wanted = usize::try_from(first.unwrap_or(5)).unwrap_or(0);
    0..wanted.min(DATA.products.len())
}

fn data() -> &'static Data {
    &DATA
}

mod accounts {
    use async_graphql::{ID, Object};

    use super::data;

    pub(super) struct Query;

    #[Object]
    impl Query {
        async fn me(&self) -> Option<User> {
            Some(User(0))
        }
        async fn user(&self, id: ID) -> Option<User> {
            data().user(&id).map(User)
        }
        async fn users(&self) -> Vec<User> {
            (0..data().users.len()).map(User).collect()
        }
        #[graphql(entity)]
        async fn find_user(&self, id: ID) -> Option<User> {
            data().user(&id).map(User)
        }
    }

    pub(super) struct User(usize);

    #[Object]
    impl User {
        async fn id(&self) -> ID {
            data().users[self.0].id.clone().into()
        }
        async fn name(&self) -> &str {
            &data().users[self.0].name
        }
        async fn username(&self) -> &str {
            &data().users[self.0].username
        }
    }
}

mod products {
    use async_graphql::Object;

    use super::{data, top};

    pub(super) struct Query;

    #[Object]
    impl Query {
        async fn top_products(&self, first: Option<i32>) -> Vec<Product> {
            top(first).map(Product).collect()
        }
        #[graphql(entity)]
        async fn find_product(&self, upc: String) -> Option<Product> {
            data().product(&upc).map(Product)
        }
    }

    pub(super) struct Product(usize);

    #[Object]
    impl Product {
        async fn upc(&self) -> &str {
            &data().products[self.0].upc
        }
        async fn name(&self) -> &str {
            &data().products[self.0].name
        }
        async fn price(&self) -> i32 {
            data().products[self.0].price
        }
        async fn weight(&self) -> i32 {
            data().products[self.0].weight
        }
    }
}

mod inventory {
    use async_graphql::Object;

    use super::{data, shipping_estimate};

    pub(super) struct Query;

    #[Object]
    impl Query {
        #[graphql(entity)]
        async fn find_product(
            &self,
            #[graphql(key)] upc: String,
            price: Option<i32>,
            weight: Option<i32>,
        ) -> Option<Product> {
            let at = data().product(&upc)?;
            Some(Product { at, price: price.unwrap_or_default(), weight: weight.unwrap_or_default() })
        }
    }

    pub(super) struct Product {
        at: usize,
        price: i32,
        weight: i32,
    }

    #[Object]
    impl Product {
        async fn upc(&self) -> &str {
            &data().products[self.at].upc
        }
        #[graphql(external)]
        async fn price(&self) -> i32 {
            self.price
        }
        #[graphql(external)]
        async fn weight(&self) -> i32 {
            self.weight
        }
        async fn in_stock(&self) -> bool {
            data().products[self.at].in_stock
        }
        #[graphql(requires = "price weight")]
        async fn shipping_estimate(&self) -> i32 {
            shipping_estimate(self.price, self.weight)
        }
    }
}

mod reviews {
    use async_graphql::{ID, Object};

    use super::data;

    pub(super) struct Query;

    #[Object]
    impl Query {
        #[graphql(entity)]
        async fn find_user(&self, id: ID) -> Option<User> {
            data().user(&id).map(User)
        }
        #[graphql(entity)]
        async fn find_product(&self, upc: String) -> Option<Product> {
            data().product(&upc).map(Product)
        }
        #[graphql(entity)]
        async fn find_review(&self, id: ID) -> Option<Review> {
            data().reviews.iter().position(|review| review.id == *id).map(Review)
        }
    }

    pub(super) struct Review(usize);

    #[Object]
    impl Review {
        async fn id(&self) -> ID {
            data().reviews[self.0].id.clone().into()
        }
        async fn body(&self) -> &str {
            &data().reviews[self.0].body
        }
        async fn author(&self) -> Option<User> {
            Some(User(data().reviews[self.0].author))
        }
        async fn product(&self) -> Option<Product> {
            Some(Product(data().reviews[self.0].product))
        }
    }

    pub(super) struct User(usize);

    #[Object]
    impl User {
        async fn id(&self) -> ID {
            data().users[self.0].id.clone().into()
        }
        async fn reviews(&self) -> Vec<Review> {
            data().reviews_by(self.0).map(Review).collect()
        }
    }

    pub(super) struct Product(usize);

    #[Object]
    impl Product {
        async fn upc(&self) -> &str {
            &data().products[self.0].upc
        }
        async fn reviews(&self) -> Vec<Review> {
            data().reviews_of(self.0).map(Review).collect()
        }
    }
}

pub(crate) mod plain {
    //! What a monolith would have.

    use async_graphql::{ID, Object};

    use super::{data, shipping_estimate, top};

    pub(crate) struct Query;

    #[Object]
    impl Query {
        async fn me(&self) -> Option<User> {
            Some(User(0))
        }
        async fn user(&self, id: ID) -> Option<User> {
            data().user(&id).map(User)
        }
        async fn users(&self) -> Vec<User> {
            (0..data().users.len()).map(User).collect()
        }
        async fn top_products(&self, first: Option<i32>) -> Vec<Product> {
            top(first).map(Product).collect()
        }
    }

    pub(crate) struct User(usize);

    #[Object]
    impl User {
        async fn id(&self) -> ID {
            data().users[self.0].id.clone().into()
        }
        async fn name(&self) -> &str {
            &data().users[self.0].name
        }
        async fn username(&self) -> &str {
            &data().users[self.0].username
        }
        async fn reviews(&self) -> Vec<Review> {
            data().reviews_by(self.0).map(Review).collect()
        }
    }

    pub(crate) struct Product(usize);

    #[Object]
    impl Product {
        async fn upc(&self) -> &str {
            &data().products[self.0].upc
        }
        async fn name(&self) -> &str {
            &data().products[self.0].name
        }
        async fn price(&self) -> i32 {
            data().products[self.0].price
        }
        async fn weight(&self) -> i32 {
            data().products[self.0].weight
        }
        async fn in_stock(&self) -> bool {
            data().products[self.0].in_stock
        }
        async fn shipping_estimate(&self) -> i32 {
            let product = &data().products[self.0];
            shipping_estimate(product.price, product.weight)
        }
        async fn reviews(&self) -> Vec<Review> {
            data().reviews_of(self.0).map(Review).collect()
        }
    }

    pub(crate) struct Review(usize);

    #[Object]
    impl Review {
        async fn id(&self) -> ID {
            data().reviews[self.0].id.clone().into()
        }
        async fn body(&self) -> &str {
            &data().reviews[self.0].body
        }
        async fn author(&self) -> Option<User> {
            Some(User(data().reviews[self.0].author))
        }
        async fn product(&self) -> Option<Product> {
            Some(Product(data().reviews[self.0].product))
        }
    }
}
