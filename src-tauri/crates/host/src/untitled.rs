//! Names for what is made without one, counted as Jupyter counts. Pure.

/// What a new notebook holds, written as Jupyter writes: one empty cell with this id. A reference server makes it without, and adds
/// the cell when somebody opens it; here opening writes nothing.
pub(crate) fn notebook(cell: &str) -> Vec<u8> {
    let cell = [
        r#""cell_type": "code""#,
        r#""execution_count": null"#,
        &format!(r#""id": "{cell}""#),
        r#""metadata": {}"#,
        r#""outputs": []"#,
        r#""source": []"#,
    ];
    let cell = cell.join(",\n   ");
    let rest = " \"metadata\": {},\n \"nbformat\": 4,\n \"nbformat_minor\": 5\n";
    format!("{{\n \"cells\": [\n  {{\n   {cell}\n  }}\n ],\n{rest}}}\n").into_bytes()
}

/// A name with a number before its ending: `a.tar.gz`, `a-Copy1.tar.gz`. The number 0 is left out.
pub(crate) fn numbered(name: &str, insert: &str, number: u32) -> String {
    if number == 0 {
        return name.to_owned();
    }
    let at = if name.ends_with(".ipynb") { name.rfind('.') } else { name.find('.') };
    let (stem, ending) = name.split_at(at.unwrap_or(name.len()));
    format!("{stem}{insert}{number}{ending}")
}

/// The name of which this one is a copy: without `-Copy` and its number before a dot.
pub(crate) fn original(name: &str) -> String {
    const MARK: &str = "-Copy";
    let mut rest = name;
    let mut text = String::with_capacity(name.len());
    while let Some((before, after)) = rest.split_once(MARK) {
        let ending = after.trim_start_matches(|c: char| c.is_ascii_digit());
        text.push_str(before);
        if ending.starts_with('.') {
            rest = ending;
        } else {
            text.push_str(MARK);
            rest = after;
        }
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_counted_as_jupyter_counts() {
        assert_eq!(numbered("Untitled.ipynb", "", 0), "Untitled.ipynb");
        assert_eq!(numbered("Untitled.ipynb", "", 2), "Untitled2.ipynb");
        assert_eq!(numbered("Untitled Folder", " ", 1), "Untitled Folder 1");
        assert_eq!(numbered("a.tar.gz", "-Copy", 3), "a-Copy3.tar.gz");
        assert_eq!(numbered("a.b.ipynb", "-Copy", 1), "a.b-Copy1.ipynb");
        let cases = [
            ("a-Copy1.txt", "a.txt"),
            ("a-Copy.txt", "a.txt"),
            ("a-Copy1-Copy2.txt", "a-Copy1.txt"),
            ("noext-Copy1", "noext-Copy1"),
            ("a-Copyright.txt", "a-Copyright.txt"),
            ("a", "a"),
        ];
        for (copy, name) in cases {
            assert_eq!(original(copy), name);
        }
    }
}
