//! Tells cargo that the crate is made of the languages' files too: a new or changed one is compiled in.

fn main() {
    println!("cargo::rerun-if-changed=locales");
}
