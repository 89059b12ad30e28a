//! What a file is, by its name: how the page opens it and which type its bytes have. Pure.

use protocol::guest::FileKind;

/// Extensions of text files, and names without one.
const TEXT: &str = " adoc asm awk bash bat bib c cc cfg clj cls cmake conf cpp cs css csv cu cxx dart diff dot ex f f90 fish \
    for fs geojson gitignore go gradle graphql groovy gv h hpp hs htm html ini ipy java jl js json json5 jsonl jsx kt less \
    lisp log lua m markdown md mjs mk ml mmd ndjson nim nix org patch php pl po pro properties proto ps1 py pyi pyx qmd r rb \
    rmd rs rst sass scala scm scss sh sql srt stan sty svg swift tcl tex toml ts tsv tsx txt typ v vb vega vhd vtt vue xml \
    xsl yaml yml zig zsh ";
const NAMES: &str = " authors changelog codeowners contributing copying dockerfile gemfile justfile license makefile \
    notice procfile rakefile readme snakefile todo vagrantfile ";

/// Types of common extensions, as guests' browsers and Jupyter's clients want them.
const TYPES: [(&str, &str); 31] = [
    ("txt", "text/plain"),
    ("md", "text/markdown"),
    ("markdown", "text/markdown"),
    ("py", "text/x-python"),
    ("csv", "text/csv"),
    ("tsv", "text/tab-separated-values"),
    ("html", "text/html"),
    ("htm", "text/html"),
    ("css", "text/css"),
    ("js", "text/javascript"),
    ("mjs", "text/javascript"),
    ("json", "application/json"),
    ("geojson", "application/geo+json"),
    ("xml", "text/xml"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("bmp", "image/bmp"),
    ("ico", "image/vnd.microsoft.icon"),
    ("tif", "image/tiff"),
    ("tiff", "image/tiff"),
    ("pdf", "application/pdf"),
    ("bin", "application/octet-stream"),
    ("zip", "application/zip"),
    ("gz", "application/gzip"),
    ("mp4", "video/mp4"),
    ("mp3", "audio/mpeg"),
    ("wav", "audio/x-wav"),
];

/// Last part of a path.
pub(crate) fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn extension(path: &str) -> Option<String> {
    name(path).rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase())
}

/// How the page opens a file of this path.
pub(crate) fn kind(path: &str) -> FileKind {
    let listed = |list: &str, word: &str| !word.contains(' ') && list.contains(&format!(" {word} "));
    match extension(path) {
        Some(extension) if extension == "ipynb" => FileKind::Notebook,
        Some(extension) if listed(TEXT, &extension) => FileKind::Text,
        None if listed(NAMES, &name(path).to_ascii_lowercase()) => FileKind::Text,
        _ => FileKind::Other,
    }
}

/// Type of the bytes, guessed from the name.
pub(crate) fn mimetype(path: &str) -> Option<&'static str> {
    let extension = extension(path)?;
    TYPES.iter().find(|(known, _)| *known == extension).map(|(_, mimetype)| *mimetype)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_31_the_page_opens_notebooks_and_text_and_offers_the_rest_as_downloads() {
        let cases = [
            ("a/B.IPYNB", FileKind::Notebook),
            ("a.md", FileKind::Text),
            ("x.y/Makefile", FileKind::Text),
            ("LICENSE", FileKind::Text),
            ("run.R", FileKind::Text),
            ("photo.png", FileKind::Other),
            ("data", FileKind::Other),
            ("a.", FileKind::Other),
            ("a.md txt", FileKind::Other),
        ];
        for (path, expected) in cases {
            assert_eq!(kind(path), expected, "{path}");
        }
        assert_eq!(mimetype("a/b.PNG"), Some("image/png"));
        assert_eq!(mimetype("b.unknown"), None);
    }
}
