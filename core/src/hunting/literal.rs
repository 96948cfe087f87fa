//! String literals.

/// The text between double quotes, each character as `escape` writes it.
pub(super) fn quote(text: &str, mut escape: impl FnMut(char, &mut String)) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('"');
    for c in text.chars() {
        escape(c, &mut literal);
    }
    literal.push('"');
    literal
}

/// Appends `name` and `literal` for each of the names, with `or` in between.
pub(super) fn push_any(out: &mut String, names: &[&str], is: &str, literal: &str, or: &str) {
    for (position, name) in names.iter().enumerate() {
        if position > 0 {
            out.push_str(or);
        }
        out.push_str(name);
        out.push_str(is);
        out.push_str(literal);
    }
}
