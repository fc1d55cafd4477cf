//! Makes operations out of bytes; the same bytes make the same operation, and fewer a smaller one.
//!
//! Each operation is written twice. The second text is for the library behind the plain schema, which takes an argument
//! or a member whose variable is absent for null: there such a one is left out, which is what the specification means.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// An operation, with its variables.
pub(super) struct Operation {
    pub(super) query: String,
    pub(super) plain: String,
    pub(super) variables: Value,
    /// The same with the default of `$b` filled in, which the library does not see in conditions.
    pub(super) plain_variables: Value,
}

/// Two texts that grow together.
#[derive(Default, Clone)]
struct Texts {
    federated: String,
    plain: String,
}

impl Texts {
    fn push(&mut self, text: &str) {
        self.federated.push_str(text);
        self.plain.push_str(text);
    }

    fn append(&mut self, other: &Self) {
        self.federated.push_str(&other.federated);
        self.plain.push_str(&other.plain);
    }
}

/// The variables that an operation may use: how each is declared, and its value where it has one.
fn variables(a: bool, b: bool) -> [(&'static str, &'static str, Option<Value>); 15] {
    [
        ("a", "Boolean!", Some(json!(a))),
        ("b", "Boolean = true", (!b).then(|| json!(false))),
        ("id", "ID!", Some(json!(2))),
        ("word", "String", Some(json!("w\"ö\u{1}"))),
        ("default", "String = \"d\"", None),
        ("null", "String", Some(Value::Null)),
        ("none", "String", None),
        ("text", "String!", Some(json!("t"))),
        ("n", "Int", Some(json!(1))),
        ("noInt", "Int", None),
        ("role", "Role", Some(json!("WRITER"))),
        ("words", "[String!]", Some(json!("one"))),
        ("any", "Anything", Some(json!({ "b": [1, 1.5, "x", null], "a": 12_345_678_901_i64 }))),
        ("filter", "Filter", Some(json!({ "inner": { "role": "READER", "ids": ["1", null, 3] }, "limit": 7 }))),
        ("filter_none", "Filter", None),
    ]
}

pub(super) struct Writer<'b> {
    bytes: std::slice::Iter<'b, u8>,
    out: Texts,
    /// By type condition.
    fragments: BTreeMap<String, (&'static str, Texts)>,
    /// Root fields so far.
    roots: usize,
}

/// A field: its name, the type of its arguments' set, and the type of its value, which is empty for leaves.
type Field = (&'static str, &'static str);

impl<'b> Writer<'b> {
    pub(super) fn operation(bytes: &'b [u8], a: bool, b: bool) -> Operation {
        let mut writer = Writer { bytes: bytes.iter(), out: Texts::default(), fragments: BTreeMap::new(), roots: 0 };
        let is_mutation = writer.choose(4) == 3;
        if is_mutation {
            writer.changes();
        } else {
            writer.set("Query", 5);
        }
        let fragments = std::mem::take(&mut writer.fragments);
        for (name, (on, body)) in fragments {
            writer.out.push(&format!(" fragment {name} on {on}"));
            writer.out.append(&body);
        }
        let Texts { federated, plain } = writer.out;
        let (mut declared, mut values) = (Vec::new(), Map::new());
        for (name, ty, value) in variables(a, b) {
            if uses(&federated, name) {
                declared.push(format!("${name}: {ty}"));
                values.extend(value.map(|value| (name.to_owned(), value)));
            }
        }
        let head = match (is_mutation, declared.is_empty()) {
            (true, true) => "mutation".to_owned(),
            (true, false) => format!("mutation ({})", declared.join(", ")),
            (false, true) => String::new(),
            (false, false) => format!("query ({})", declared.join(", ")),
        };
        let plain = format!("{head}{plain}").replace("Anything", "JSON");
        let query = format!("{head}{federated}").replace("Anything", "JSON");
        let variables = Value::Object(values.clone());
        if uses(&plain, "b") {
            values.insert("b".to_owned(), json!(b));
        }
        Operation { query, plain, variables, plain_variables: Value::Object(values) }
    }

    /// A number below `end`; 0 when the bytes are used up.
    fn choose(&mut self, end: usize) -> usize {
        self.bytes.next().map_or(0, |byte| usize::from(*byte) % end)
    }

    fn pick<T: Copy>(&mut self, options: &[T]) -> T {
        options[self.choose(options.len())]
    }

    fn condition(&mut self) {
        let condition = self.pick(&[
            "",
            "",
            "",
            "",
            "",
            "",
            " @include(if: $a)",
            " @skip(if: $b)",
            " @skip(if: $a)",
            " @include(if: true)",
            " @skip(if: true)",
            " @skip(if: false) @include(if: $b)",
        ]);
        self.out.push(condition);
    }

    /// A mutation's root; no two fields have one response key, for which the plain schema would run both.
    fn changes(&mut self) {
        self.out.push(" { __typename");
        for _ in 0..=self.choose(5) {
            let inside = self.choose(6) == 5;
            if inside {
                self.out.push(" ... on Mutation");
                self.condition();
                self.out.push(" { __typename");
            }
            let (field, of) =
                self.pick(&[("append", "Entry"), ("append", "Entry"), ("refuse", "Entry"), ("publish", "Post")]);
            let argument = if of == "Post" { "title" } else { "text" };
            let text = self.pick(&["\"x\"", "\"x\"", "$text", "\"\"\"block\n  two\"\"\"", "\"\\u00fc\\n\""]);
            let alias = self.pick(&["m", "append", "id", "_"]);
            self.out.push(&format!(" {alias}{}: {field}({argument}: {text})", self.roots));
            self.roots += 1;
            self.condition();
            self.set(of, 2);
            if inside {
                self.out.push(" }");
            }
        }
        self.out.push(" }");
    }

    /// A set of which conditions leave something: the plain schema has null for an object of which they leave nothing.
    fn set(&mut self, ty: &str, depth: usize) {
        self.out.push(" { __typename");
        for _ in 0..=self.choose(4) {
            self.selection(ty, depth);
        }
        self.out.push(" }");
    }

    fn selection(&mut self, ty: &str, depth: usize) {
        let (leaves, objects, fragments) = selectable(ty);
        match self.choose(9) {
            7 if depth > 0 && !fragments.is_empty() => {
                let on = self.pick(fragments);
                self.out.push(" ... on ");
                self.out.push(on);
                self.condition();
                self.set(on, depth - 1);
            }
            6 if depth > 0 && !ty.is_empty() => {
                self.out.push(" ...");
                self.condition();
                self.set(ty, depth - 1);
            }
            5 if depth > 0 && !fragments.is_empty() => self.spread(fragments, depth),
            2..=8 if depth > 0 && !objects.is_empty() => {
                let (field, of) = self.pick(objects);
                self.field(field);
                self.condition();
                self.set(of, depth - 1);
            }
            _ => {
                let leaf = self.pick(leaves);
                self.field(leaf);
                self.condition();
            }
        }
    }

    /// A named fragment, an old one where there is one.
    fn spread(&mut self, conditions: &[&'static str], depth: usize) {
        let on = self.pick(conditions);
        let known: Vec<_> =
            self.fragments.iter().filter(|(_, known)| known.0 == on).map(|(name, _)| name.clone()).collect();
        let at = self.choose(known.len() + 1);
        let name = if let Some(name) = known.get(at) {
            name.clone()
        } else {
            let before = std::mem::take(&mut self.out);
            self.set(on, depth - 1);
            let body = std::mem::replace(&mut self.out, before);
            let name = format!("F{}", self.fragments.len());
            self.fragments.insert(name.clone(), (on, body));
            name
        };
        self.out.push(" ...");
        self.out.push(&name);
        self.condition();
    }

    /// A field with an alias, or without, and with its arguments.
    fn field(&mut self, field: &str) {
        self.out.push(" ");
        let alias =
            self.pick(&["", "", "", "", "", "", "", "id", "name", "__typename", "greeting_r", "_0", "x", "author"]);
        let aliased = !alias.is_empty() && self.choose(3) > 0;
        // Mostly names of their own, for names that clash make no valid operation.
        let alias = if aliased {
            format!("{alias}_{field}: ")
        } else if alias.is_empty() {
            String::new()
        } else {
            format!("{alias}: ")
        };
        self.out.push(&alias);
        self.out.push(field);
        let arguments: Vec<Texts> = match field {
            "user" | "post" => vec![self.argument("id", &["\"2\"", "3", "\"404\"", "$id"])],
            "greeting" => {
                let word = self.optional("word", &["\"ho\"", "null", "$word", "$default", "$null", "$none"]);
                let times = self.optional("times", &["2", "-1", "$n", "$noInt"]);
                vec![word, times]
            }
            "search" => {
                let filter = self.filter(3);
                let mut argument = Texts::default();
                argument.push("filter: ");
                argument.append(&filter);
                vec![argument]
            }
            "pick" => {
                let ids = self.optional("ids", &["[1, \"b\"]", "7", "null", "[$id]", "[]"]);
                let role = self.optional("role", &["READER", "null", "$role"]);
                let at = self.optional(
                    "at",
                    &["$any", "{ k: [1, $none, \"s\"], j: { v: $word } }", "[[1]]", "1.5", "true", "E"],
                );
                vec![ids, role, at]
            }
            "ofUser" => vec![self.optional("first", &["1", "0", "$n", "$noInt"])],
            _ => Vec::new(),
        };
        self.arguments(&arguments);
    }

    fn arguments(&mut self, arguments: &[Texts]) {
        type Part = (fn(&mut Texts) -> &mut String, fn(&Texts) -> &String);
        let parts: [Part; 2] = [
            (|texts| &mut texts.federated, |texts| &texts.federated),
            (|texts| &mut texts.plain, |texts| &texts.plain),
        ];
        for (out, text) in parts {
            let given: Vec<_> =
                arguments.iter().map(|argument| text(argument).as_str()).filter(|text| !text.is_empty()).collect();
            if !given.is_empty() {
                let out = out(&mut self.out);
                out.push('(');
                out.push_str(&given.join(", "));
                out.push(')');
            }
        }
    }

    fn argument(&mut self, name: &str, values: &[&str]) -> Texts {
        let value = self.pick(values);
        let mut texts = Texts { federated: format!("{name}: {value}"), plain: String::new() };
        if !is_absent(value) {
            texts.plain.clone_from(&texts.federated);
        }
        texts
    }

    fn optional(&mut self, name: &str, values: &[&str]) -> Texts {
        if self.choose(3) == 0 { Texts::default() } else { self.argument(name, values) }
    }

    /// A literal of `Filter`, or a variable.
    fn filter(&mut self, depth: usize) -> Texts {
        let mut members = vec![
            self.optional("role", &["READER", "$role", "null"]),
            self.optional("limit", &["5", "$n", "$noInt", "-2147483648"]),
            self.optional("words", &["[\"a\", \"b\"]", "\"a\"", "$words", "[$text, \"c\"]", "null", "[]"]),
            self.optional("ids", &["[1, null, $id]", "[$id, null]", "null"]),
            self.optional("any", &["{ a: [$word, { b: $null }], c: 1.50 }", "$any", "null", "READER", "12345678901"]),
        ];
        if depth > 0 && self.choose(3) == 2 {
            let mut inner = Texts::default();
            inner.push("inner: ");
            inner.append(&self.filter(depth - 1));
            members.push(inner);
        } else {
            members.push(self.optional("inner", &["$filter", "$filter_none", "null"]));
        }
        let object = |text: fn(&Texts) -> &String| {
            let given: Vec<_> =
                members.iter().map(|member| text(member).as_str()).filter(|text| !text.is_empty()).collect();
            format!("{{ {} }}", given.join(", "))
        };
        Texts { federated: object(|texts| &texts.federated), plain: object(|texts| &texts.plain) }
    }
}

fn is_absent(value: &str) -> bool {
    matches!(value, "$none" | "$noInt" | "$filter_none")
}

/// Whether a text has this variable, and not only one whose name begins like it.
fn uses(text: &str, name: &str) -> bool {
    let usage = format!("${name}");
    text.match_indices(&usage).any(|(at, _)| {
        let next = text.as_bytes().get(at + usage.len());
        !next.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
    })
}

type Selectable = (&'static [&'static str], &'static [Field], &'static [&'static str]);

/// Leaves, composite fields with their types, and type conditions; no union among these for objects, since the plain
/// schema does not see that an object is a member of one.
fn selectable(ty: &str) -> Selectable {
    match ty {
        "Query" => (
            &["__typename", "search", "pick", "now"],
            &[
                ("me", "User"),
                ("user", "User"),
                ("users", "User"),
                ("accounts", "Account"),
                ("account", "Account"),
                ("posts", "Post"),
                ("post", "Post"),
                ("feed", "Item"),
                ("titled", "Titled"),
            ],
            &["Query"],
        ),
        "User" => (
            &[
                "id",
                "name",
                "nick",
                "email",
                "secret",
                "role",
                "meta",
                "greeting",
                "postCount",
                "mustCount",
                "rank",
                "reputation",
                "__typename",
            ],
            &[
                ("friends", "User"),
                ("pals", "User"),
                ("best", "User"),
                ("wallet", "Money"),
                ("ofUser", "Post"),
                ("latest", "Post"),
            ],
            &["User", "Account"],
        ),
        "Post" => (
            &["id", "title", "likes", "tags", "flaky", "must", "label", "views", "__typename"],
            &[
                ("author", "User"),
                ("editor", "User"),
                ("crew", "User"),
                ("related", "Titled"),
                ("next", "Item"),
                ("price", "Money"),
            ],
            &["Post", "Titled"],
        ),
        "Entry" => (&["text", "place", "__typename"], &[("by", "User")], &["Entry"]),
        "Money" => (&["amount", "currency", "__typename"], &[], &["Money"]),
        "Memo" => (&["text", "__typename"], &[], &["Memo"]),
        "Ad" => (&["title", "__typename"], &[("price", "Money"), ("contact", "User")], &["Ad", "Titled"]),
        "Robot" => (&["id", "name", "model", "__typename"], &[("owner", "User")], &["Robot", "Account"]),
        "Account" => (&["id", "name", "reputation", "__typename"], &[], &["User", "Robot", "Account"]),
        "Titled" => (&["title", "__typename"], &[], &["Post", "Ad", "Titled"]),
        _ => (&["__typename"], &[], &["Post", "Ad", "Memo", "Titled", "Item"]),
    }
}
