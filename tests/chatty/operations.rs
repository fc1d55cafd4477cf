//! What operators read is what the program does: the table of configuration keys in `docs/operations.md` is generated.
//! `UPDATE=1` rewrites it.

use std::{fs, path::Path};

use crate::schema::updating;

const BEGIN: &str = "<!-- configuration table: generated -->\n";
const END: &str = "<!-- end -->";

#[test]
fn the_table_of_configuration_keys_is_the_one_that_the_types_give() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations.md");
    let text = fs::read_to_string(&file).expect("the document");
    let (before, rest) = text.split_once(BEGIN).expect("the table's beginning is marked");
    let (table, after) = rest.split_once(END).expect("the table's end is marked");
    let current = format!("\n{}\n", chatty::configuration_reference());
    if table != current && updating() {
        fs::write(&file, format!("{before}{BEGIN}{current}{END}{after}")).expect("the document can be written");
    }
    assert!(table == current, "the table is stale; UPDATE=1 cargo test operations rewrites it (run again afterwards)");
}

#[test]
fn every_key_is_explained_and_secrets_may_come_from_files() {
    let table = chatty::configuration_reference();
    let rows: Vec<_> = table.lines().skip(2).collect();
    assert!(rows.len() > 30, "{} keys", rows.len());
    for row in &rows {
        let cells: Vec<_> = row.split(" | ").collect();
        assert!(cells.len() == 3 && cells[2].len() > 10, "{row}");
    }
    for key in chatty::Config::SECRETS {
        let variable = format!("CHATTY_{}_FILE", key.to_uppercase());
        assert!(table.contains(&variable), "{variable}");
    }
}
