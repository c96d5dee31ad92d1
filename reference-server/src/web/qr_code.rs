//! QR codes as SVG without style attributes, as PNG, and as rows of modules for the phone's canvas.

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

    /// An SVG file with the margin that readers want, for print at any size.
    pub(super) fn print_svg(&self, label: &str) -> String {
        let side = self.rows.len().saturating_add(8);
        let size = self.rows.len();
        let drawn = self.svg(label);
        drawn
            .replacen(
                &format!("viewBox=\"0 0 {size} {size}\""),
                &format!("viewBox=\"-4 -4 {side} {side}\" width=\"{side}mm\" height=\"{side}mm\""),
                1,
            )
            .replacen(
                &format!("M0 0h{size}v{size}h-{size}z"),
                &format!("M-4 -4h{side}v{side}h-{side}z"),
                1,
            )
    }

    /// A picture in grey, eight pixels a module with the margin that readers want; `None` when it cannot be made.
    pub(super) fn png(&self) -> Option<Vec<u8>> {
        const PIXELS: usize = 8;
        const MARGIN: usize = 4;
        let modules = self.rows.len().checked_add(2 * MARGIN)?;
        let side = modules.checked_mul(PIXELS)?;
        let is_dark = |y: usize, x: usize| {
            let (y, x) = (y.checked_sub(MARGIN)?, x.checked_sub(MARGIN)?);
            self.rows.get(y)?.get(x).copied()
        };
        let mut grey = Vec::with_capacity(side.checked_mul(side)?);
        for y in 0..modules {
            let row: Vec<u8> = (0..modules)
                .flat_map(|x| [if is_dark(y, x) == Some(true) { 0 } else { 255 }; PIXELS])
                .collect();
            for _ in 0..PIXELS {
                grey.extend_from_slice(&row);
            }
        }
        let mut picture = Vec::new();
        let side = u32::try_from(side).ok()?;
        let mut encoder = png::Encoder::new(&mut picture, side, side);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().ok()?;
        writer.write_image_data(&grey).ok()?;
        writer.finish().ok()?;
        Some(picture)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_independent_reader_reads_what_is_drawn() {
        for text in [
            "https://example.invalid/",
            "http://weixin.qq.com/q/02kZ9mXyTestTicket",
            "请用微信扫码打开",
        ] {
            let code = QrCode::of(text).unwrap();
            let dark: Vec<Vec<bool>> = code
                .modules()
                .split(',')
                .map(|row| row.chars().map(|module| module == '1').collect())
                .collect();
            // Each module 6 pixels wide, and the quiet zone of 4 modules that pages leave.
            let side = (dark.len() + 8) * 6;
            let mut picture = rqrr::PreparedImage::prepare_from_greyscale(side, side, |x, y| {
                let module = |at: usize| (at / 6).wrapping_sub(4);
                let is_dark = dark
                    .get(module(y))
                    .and_then(|row| row.get(module(x)))
                    .is_some_and(|dark| *dark);
                if is_dark { 0 } else { 255 }
            });
            let grids = picture.detect_grids();
            let (_version, read) = grids[0].decode().unwrap();
            assert_eq!(read, text);
        }
        assert!(QrCode::of(&"x".repeat(4_000)).is_none());
    }

    #[test]
    fn a_picture_is_read_by_another_program() {
        let text = "http://127.0.0.1:9000/q/AbCdEfGhIjKlMnOpQrStUv";
        let picture = QrCode::of(text).and_then(|code| code.png()).expect("drawn");
        let decoder = png::Decoder::new(std::io::Cursor::new(picture));
        let mut reader = decoder.read_info().expect("a PNG");
        let mut grey = vec![0; reader.output_buffer_size().expect("small")];
        let frame = reader.next_frame(&mut grey).expect("whole");
        let side = usize::try_from(frame.width).expect("small");
        let mut image =
            rqrr::PreparedImage::prepare_from_greyscale(side, side, |x, y| grey[y * side + x]);
        let grids = image.detect_grids();
        assert_eq!(grids.len(), 1);
        assert_eq!(grids[0].decode().expect("readable").1, text);
    }
}
