//! What the benchmark's shop sells, who buys and what they say of it: made by rule, the same in every process.

use std::sync::LazyLock;

/// Somebody with an account.
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) username: String,
    pub(crate) name: String,
}

/// Something for sale.
pub(crate) struct Product {
    pub(crate) upc: String,
    pub(crate) name: String,
    /// In cents.
    pub(crate) price: i32,
    /// In grams.
    pub(crate) weight: i32,
    pub(crate) in_stock: bool,
}

/// What a user says of a product. Each pair occurs once.
pub(crate) struct Review {
    pub(crate) id: String,
    pub(crate) body: String,
    pub(crate) author: usize,
    pub(crate) product: usize,
}

/// All of it. Users and products are named by their place.
pub(crate) struct Data {
    pub(crate) users: Vec<User>,
    pub(crate) products: Vec<Product>,
    pub(crate) reviews: Vec<Review>,
}

/// The data of every subgraph and of the plain schema.
pub(crate) static DATA: LazyLock<Data> = LazyLock::new(Data::make);

const PEOPLE: [(&str, &str); 6] = [
    ("amara", "Amara Diallo"),
    ("bodil", "Bodil Krogh"),
    ("chen", "Chen Yulan"),
    ("dario", "Dario Conti"),
    ("esra", "Esra Aksoy"),
    ("finn", "Finn Gallagher"),
];

const GOODS: [&str; 8] =
    ["Teapot", "Kettle", "Strainer", "Caddy", "Whisk", "Tasting cup", "Water jug", "Travel mug with a lid"];

const OPINIONS: [&str; 5] = [
    "Pours without a drip, which is more than the last one could say.",
    "The second one I bought, and the first still works.",
    "Smaller than the picture says, and lighter than it looks.",
    "A present that was liked more than the one who gave it.",
    "Would not lend it to anybody who has ever broken a cup.",
];

/// How many reviews there are: four of each user, three of each product.
const REVIEWS: usize = 24;

impl Data {
    fn make() -> Self {
        let users = PEOPLE.iter().enumerate().map(|(at, (username, name))| User {
            id: (at + 1).to_string(),
            username: (*username).to_owned(),
            name: (*name).to_owned(),
        });
        let products = GOODS.iter().zip(1..).map(|(name, number)| Product {
            upc: format!("{number:02}"),
            name: (*name).to_owned(),
            price: 450 + 275 * number,
            weight: 1900 - 220 * number,
            in_stock: number % 3 > 0,
        });
        let reviews = (0..REVIEWS).map(|at| Review {
            id: (at + 1).to_string(),
            body: OPINIONS[at % OPINIONS.len()].to_owned(),
            author: at % PEOPLE.len(),
            product: at % GOODS.len(),
        });
        Self { users: users.collect(), products: products.collect(), reviews: reviews.collect() }
    }

    /// The place of a user.
    pub(crate) fn user(&self, id: &str) -> Option<usize> {
        self.users.iter().position(|user| user.id == id)
    }

    /// The place of a product.
    pub(crate) fn product(&self, upc: &str) -> Option<usize> {
        self.products.iter().position(|product| product.upc == upc)
    }

    /// The places of the reviews by a user.
    pub(crate) fn reviews_by(&self, author: usize) -> impl Iterator<Item = usize> {
        self.reviews.iter().enumerate().filter(move |(_, review)| review.author == author).map(|(at, _)| at)
    }

    /// The places of the reviews of a product.
    pub(crate) fn reviews_of(&self, product: usize) -> impl Iterator<Item = usize> {
        self.reviews.iter().enumerate().filter(move |(_, review)| review.product == product).map(|(at, _)| at)
    }
}

/// What sending a product costs: nothing for what is dear, otherwise half of its weight.
pub(crate) fn shipping_estimate(price: i32, weight: i32) -> i32 {
    if price > 2000 { 0 } else { weight / 2 }
}
