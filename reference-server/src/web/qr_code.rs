//! QR codes as SVG without style attributes, and as rows of modules for the phone's canvas.

use fast_qr::qr::QRBuilder;

/// A QR code of a text.
pub(super) struct QrCode {
    rows: Vec<Vec<bool>>,
}

impl QrCode {
    /// The code of `text`; `None` when it is longer than a code can hold.
    pub(super) fn of(text: &str) -> Option<Self> {
        let code = QRBuilder::new(text).build().ok()?;
        let rows = (0..code.size)
            .map(|row| code[row].iter().map(|module| module.value()).collect())
            .collect();
        Some(Self { rows })
    }

    /// An `svg` element of class `code`; `label` is read out instead of it.
    pub(super) fn svg(&self, label: &str) -> String {
        let size = self.rows.len();
        let mut path = String::new();
        for (y, row) in self.rows.iter().enumerate() {
            for (x, _dark) in row.iter().enumerate().filter(|(_, dark)| **dark) {
                path.push_str(&format!("M{x} {y}h1v1h-1z"));
            }
        }
        format!(
            "<svg class=\"code\" viewBox=\"0 0 {size} {size}\" role=\"img\" aria-label=\"{label}\" xmlns=\"http://www.w3.org/2000/svg\" shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{size}v{size}h-{size}z\"/><path d=\"{path}\"/></svg>"
        )
    }

    /// Rows of `0` and `1`, separated by commas.
    pub(super) fn modules(&self) -> String {
        let row = |row: &Vec<bool>| -> String {
            row.iter()
                .map(|dark| if *dark { '1' } else { '0' })
                .collect()
        };
        self.rows.iter().map(row).collect::<Vec<_>>().join(",")
    }
}
