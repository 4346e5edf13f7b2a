//! Tables of the README that tests write.

use std::path::Path;

/// Holds what stands between two markers of the README against `table`. With `L402_WRITE_README` it is written.
pub(crate) fn compare(name: &str, table: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let (start, end) = (format!("<!-- {name}: written by tests -->\n"), format!("<!-- end of {name} -->"));
    let (before, rest) = readme.split_once(&start).unwrap_or_else(|| panic!("no marker '{start}'"));
    let (written, after) = rest.split_once(&end).unwrap_or_else(|| panic!("no marker '{end}'"));
    if std::env::var_os("L402_WRITE_README").is_some() {
        std::fs::write(&path, format!("{before}{start}\n{table}\n{end}{after}")).unwrap();
    } else {
        let hint =
            "to write it: L402_WRITE_README=1 cargo test -p l402-server --all-features --test adapters";
        assert_eq!(written.trim(), table.trim(), "{}: '{name}' is out of date; {hint}", path.display());
    }
}
