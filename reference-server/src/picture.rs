//! Organisers' pictures: decoded within limits, turned upright, made small and written anew.
//!
//! What leaves is never what was handed in, so nothing that hides in a file reaches a
//! phone: no place, no camera, no script, no second file behind the first.

use std::io::Cursor;

use image::{
    DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits, RgbImage,
    codecs::jpeg::JpegEncoder, imageops::FilterType,
};
use sha2::{Digest as _, Sha256};

/// The largest file that is opened.
pub const FILE_BYTES_MAX: usize = 10 * 1024 * 1024;
/// The largest picture that is decoded, in pixels: width times height.
pub const PIXELS_MAX: u64 = 16_000_000;
/// What decoding may allocate; a picture of the largest size in three colours and its working space.
const ALLOCATION_MAX: u64 = 128 * 1024 * 1024;
/// Twice the width of a phone's column.
const WIDTH_MAX: u32 = 750;
/// What a picture below the first screen may cost.
const BYTES_MAX: usize = 60 * 1024;
/// Qualities that are tried until a picture is small enough; the last one is taken as it comes.
const QUALITIES: [u8; 4] = [80, 68, 55, 40];

/// A picture as phones get it: JPEG, at most 750 pixels wide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    jpeg: Vec<u8>,
    width: u32,
    height: u32,
    digest: String,
}

/// Why a file is not shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PictureError {
    /// The file is too large to be opened.
    #[error("the file has {found} bytes, {FILE_BYTES_MAX} are allowed")]
    FileTooLarge {
        /// Its length, in bytes.
        found: usize,
    },
    /// By its first bytes it is none of the kinds that are read.
    #[error("the file is no JPEG, PNG or WebP picture")]
    UnknownKind,
    /// It has more pixels than are decoded.
    #[error("the picture is {width} by {height}, {PIXELS_MAX} pixels are allowed")]
    TooManyPixels {
        /// Its width, in pixels.
        width: u32,
        /// Its height, in pixels.
        height: u32,
    },
    /// It cannot be decoded.
    #[error("the picture is damaged: {problem}")]
    Damaged {
        /// What the decoder says.
        problem: String,
    },
}

impl Picture {
    /// Reads a JPEG, PNG or WebP file, known by its content and not by its name, and writes it anew.
    ///
    /// Costs time linear in the picture's pixels, at most some tenths of a second.
    ///
    /// # Errors
    /// [`PictureError`] for a file that is too large, of another kind, or damaged; a picture of too
    /// many pixels is refused by its header, before anything is decoded.
    pub fn read(file: &[u8]) -> Result<Self, PictureError> {
        if file.len() > FILE_BYTES_MAX {
            return Err(PictureError::FileTooLarge { found: file.len() });
        }
        let upright = decoded(file)?;
        let small = if upright.width() > WIDTH_MAX {
            upright.resize(WIDTH_MAX, u32::MAX, FilterType::Triangle)
        } else {
            upright
        };
        let flat = on_white(&small);
        let mut jpeg = Vec::new();
        for quality in QUALITIES {
            jpeg.clear();
            JpegEncoder::new_with_quality(&mut jpeg, quality)
                .encode_image(&flat)
                .map_err(|error| damaged(&error))?;
            if jpeg.len() <= BYTES_MAX {
                break;
            }
        }
        Ok(Self {
            width: flat.width(),
            height: flat.height(),
            digest: hex::encode(Sha256::digest(&jpeg))
                .chars()
                .take(16)
                .collect(),
            jpeg,
        })
    }

    /// The picture as JPEG.
    #[must_use]
    pub fn jpeg(&self) -> &[u8] {
        &self.jpeg
    }

    /// Width in pixels.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Names the content: 16 hexadecimal digits.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

fn damaged(error: &image::ImageError) -> PictureError {
    PictureError::Damaged {
        problem: error.to_string(),
    }
}

fn decoded(file: &[u8]) -> Result<DynamicImage, PictureError> {
    let format = image::guess_format(file)
        .ok()
        .filter(|format| {
            matches!(
                format,
                ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP
            )
        })
        .ok_or(PictureError::UnknownKind)?;
    let mut decoder = ImageReader::with_format(Cursor::new(file), format)
        .into_decoder()
        .map_err(|error| damaged(&error))?;
    let (width, height) = decoder.dimensions();
    if u64::from(width).saturating_mul(u64::from(height)) > PIXELS_MAX {
        return Err(PictureError::TooManyPixels { width, height });
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(ALLOCATION_MAX);
    decoder
        .set_limits(limits)
        .map_err(|error| damaged(&error))?;
    let orientation = decoder.orientation().map_err(|error| damaged(&error))?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| damaged(&error))?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

/// JPEG has no transparency: what shows through is white paper.
fn on_white(picture: &DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.to_rgb8();
    }
    let see_through = picture.to_rgba8();
    RgbImage::from_fn(see_through.width(), see_through.height(), |x, y| {
        let [red, green, blue, alpha] = see_through.get_pixel(x, y).0;
        let alpha = u32::from(alpha);
        let over = |colour: u8| {
            let mixed = (u32::from(colour) * alpha + 255 * (255 - alpha)) / 255;
            u8::try_from(mixed).unwrap_or(u8::MAX)
        };
        image::Rgb([red, green, blue].map(over))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let picture = RgbImage::from_fn(width, height, |x, y| {
            let shade = |number: u32| u8::try_from(number % 256).unwrap_or(0);
            image::Rgb([shade(x * 7), shade(y * 5), shade(x ^ y)])
        });
        let mut file = Cursor::new(Vec::new());
        DynamicImage::ImageRgb8(picture)
            .write_to(&mut file, format)
            .expect("a picture can be written");
        file.into_inner()
    }

    #[test]
    fn every_kind_comes_out_as_a_small_jpeg_of_the_same_shape() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
            let picture = Picture::read(&written(1_500, 1_000, format)).expect("readable");
            assert_eq!(
                (picture.width(), picture.height()),
                (750, 500),
                "{format:?}"
            );
            assert_eq!(&picture.jpeg()[..3], b"\xff\xd8\xff");
            assert!(picture.jpeg().len() < 250_000, "{}", picture.jpeg().len());
        }
        let small = Picture::read(&written(40, 30, ImageFormat::Png)).expect("readable");
        assert_eq!((small.width(), small.height()), (40, 30));
    }

    #[test]
    fn what_hides_behind_or_within_a_picture_does_not_come_out() {
        let mut file = written(64, 64, ImageFormat::Jpeg);
        file.extend_from_slice(b"<script>alert(1)</script>");
        let picture = Picture::read(&file).expect("readable");
        let found = picture.jpeg().windows(7).any(|window| window == b"<script");
        assert!(!found);
    }

    #[test]
    fn transparent_paper_is_white() {
        let mut file = Cursor::new(Vec::new());
        DynamicImage::new_rgba8(20, 20)
            .write_to(&mut file, ImageFormat::Png)
            .expect("a picture can be written");
        let picture = Picture::read(&file.into_inner()).expect("readable");
        let read = image::load_from_memory(picture.jpeg())
            .expect("a JPEG")
            .to_rgb8();
        assert!(
            read.pixels()
                .all(|pixel| pixel.0.iter().all(|&part| part > 250))
        );
    }

    #[test]
    fn bombs_other_kinds_and_torn_files_are_refused() {
        // A PNG whose header promises 60,000 by 60,000 pixels in a few bytes.
        let mut bomb = written(1, 1, ImageFormat::Png);
        bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
        let crc = png_crc(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&crc.to_be_bytes());
        assert_eq!(
            Picture::read(&bomb),
            Err(PictureError::TooManyPixels {
                width: 60_000,
                height: 60_000
            })
        );
        for other in [
            &b"GIF89a\x01\x00\x01\x00"[..],
            b"<svg onload=\"a()\"/>",
            b"",
            b"BM",
        ] {
            assert_eq!(Picture::read(other), Err(PictureError::UnknownKind));
        }
        let torn = written(300, 300, ImageFormat::Png);
        let torn = Picture::read(&torn[..torn.len() / 2]);
        assert!(
            matches!(torn, Err(PictureError::Damaged { .. })),
            "{torn:?}"
        );
        let large = vec![0; FILE_BYTES_MAX + 1];
        let refused = Picture::read(&large);
        assert_eq!(
            refused,
            Err(PictureError::FileTooLarge { found: large.len() })
        );
    }

    /// The checksum of a chunk of a PNG file.
    fn png_crc(chunk: &[u8]) -> u32 {
        !chunk.iter().fold(u32::MAX, |crc, &byte| {
            (0..8).fold(crc ^ u32::from(byte), |crc, _| {
                (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
            })
        })
    }
}
