//! A software renderer for egui's triangles: pictures of the editor without a GPU or a display. For
//! tests and documentation; not pixel exact.

use std::collections::BTreeMap;

use egui::epaint::{ImageData, Primitive, Vertex};
use egui::{
    Color32, ColorImage, Context, Event, FullOutput, Modifiers, PointerButton, Pos2, RawInput,
    Rect, TextureId, Theme, Ui, Vec2,
};

/// A picture, with the textures (fonts) that egui has sent so far.
#[derive(Default)]
pub(crate) struct Raster {
    textures: BTreeMap<u64, ColorImage>,
}

/// Parameters of a picture.
#[derive(Clone, Copy)]
pub(crate) struct Scene {
    pub(crate) size: Vec2,
    pub(crate) pixels_per_point: f32,
    pub(crate) theme: Theme,
    /// Zoom; `size` is in logical pixels at 100 %.
    pub(crate) zoom: f32,
    /// Position of a click.
    pub(crate) click: Option<Pos2>,
}

/// Runs `ui` for a few passes, until animations settle, and draws the last.
pub(crate) fn render(scene: Scene, mut ui: impl FnMut(&mut Ui)) -> ColorImage {
    let Scene {
        size,
        pixels_per_point,
        theme,
        zoom,
        click,
    } = scene;
    let context = Context::default();
    context.set_theme(theme);
    context.set_zoom_factor(zoom);
    let points = size / zoom;
    let mut raster = Raster::default();
    let mut output = None;
    for pass in 0..6 {
        let events = match (click, pass) {
            (Some(at), 1) => vec![Event::PointerMoved(at)],
            (Some(at), 2 | 3) => vec![Event::PointerButton {
                pos: at,
                button: PointerButton::Primary,
                pressed: pass == 2,
                modifiers: Modifiers::NONE,
            }],
            _ => Vec::new(),
        };
        let mut input = RawInput {
            events,
            screen_rect: Some(Rect::from_min_size(egui::Pos2::ZERO, points)),
            // Close enough for a click, long enough for every animation.
            time: Some(f64::from(pass) * 0.4),
            ..RawInput::default()
        };
        let viewport = input.viewports.entry(egui::ViewportId::ROOT).or_default();
        viewport.native_pixels_per_point = Some(pixels_per_point);
        let mut pass = context.run_ui(input, &mut ui);
        raster.take_textures(&pass);
        pass.textures_delta.clear();
        output = Some(pass);
    }
    let output = output.expect("there were passes");
    raster.draw(&context, output, points, pixels_per_point * zoom)
}

impl Raster {
    fn take_textures(&mut self, output: &FullOutput) {
        let deltas: BTreeMap<_, _> = output.textures_delta.set.iter().collect();
        for (id, deltas) in deltas {
            let TextureId::Managed(id) = id else { continue };
            for delta in deltas {
                let ImageData::Color(patch) = &delta.image;
                match delta.pos {
                    None => {
                        self.textures.insert(*id, (**patch).clone());
                    }
                    Some([left, top]) => {
                        let texture = self.textures.get_mut(id).expect("a patch of a texture");
                        for y in 0..patch.size[1] {
                            for x in 0..patch.size[0] {
                                texture[(left + x, top + y)] = patch[(x, y)];
                            }
                        }
                    }
                }
            }
        }
    }

    fn draw(&self, context: &Context, output: FullOutput, size: Vec2, scale: f32) -> ColorImage {
        let pixels = [
            (size.x * scale).round() as usize,
            (size.y * scale).round() as usize,
        ];
        let mut picture = ColorImage::filled(pixels, Color32::BLACK);
        for shape in context.tessellate(output.shapes, scale) {
            let Primitive::Mesh(mesh) = shape.primitive else {
                continue;
            };
            let TextureId::Managed(id) = mesh.texture_id else {
                continue;
            };
            let Some(texture) = self.textures.get(&id) else {
                continue;
            };
            let clip = shape.clip_rect;
            for corners in mesh.indices.chunks_exact(3) {
                let corner = |i: usize| mesh.vertices[corners[i] as usize];
                let corners = [corner(0), corner(1), corner(2)];
                triangle(&mut picture, texture, &corners, clip, scale);
            }
        }
        picture
    }
}

/// Blends one triangle into the picture, sampled at pixel centres.
fn triangle(
    picture: &mut ColorImage,
    texture: &ColorImage,
    corners: &[Vertex; 3],
    clip: Rect,
    scale: f32,
) {
    let at = corners.map(|corner| corner.pos * scale);
    let area = (at[1] - at[0]).rot90().dot(at[2] - at[0]);
    if area == 0.0 {
        return;
    }
    let bounds = Rect::from_points(&at).intersect(clip * scale);
    let (width, height) = (picture.size[0] as f32, picture.size[1] as f32);
    let columns =
        bounds.left().clamp(0.0, width) as usize..bounds.right().ceil().clamp(0.0, width) as usize;
    for y in
        bounds.top().clamp(0.0, height) as usize..bounds.bottom().ceil().clamp(0.0, height) as usize
    {
        for x in columns.clone() {
            let point = egui::pos2(x as f32 + 0.5, y as f32 + 0.5);
            if !(clip * scale).contains(point) {
                continue;
            }
            let weight = |a: usize, b: usize| (at[b] - at[a]).rot90().dot(point - at[a]) / area;
            let weights = [weight(1, 2), weight(2, 0), weight(0, 1)];
            // A shared edge belongs to the triangle that has it as an inner edge.
            if weights.iter().any(|weight| *weight < 0.0) {
                continue;
            }
            let mut colour = [0.0; 4];
            let mut uv = Vec2::ZERO;
            for (corner, weight) in corners.iter().zip(weights) {
                uv += corner.uv.to_vec2() * weight;
                for (sum, part) in colour.iter_mut().zip(corner.color.to_array()) {
                    *sum += f32::from(part) / 255.0 * weight;
                }
            }
            let texel = sample(texture, uv);
            let source: [f32; 4] = std::array::from_fn(|i| colour[i] * texel[i]);
            let under = picture[(x, y)].to_array();
            let blend = |i: usize| {
                let sum = source[i] + f32::from(under[i]) / 255.0 * (1.0 - source[3]);
                (sum * 255.0).round().clamp(0.0, 255.0) as u8
            };
            picture[(x, y)] = Color32::from_rgba_premultiplied(blend(0), blend(1), blend(2), 255);
        }
    }
}

/// The texture at `uv`, bilinear.
fn sample(texture: &ColorImage, uv: Vec2) -> [f32; 4] {
    let [width, height] = texture.size;
    let x = (uv.x * width as f32 - 0.5).clamp(0.0, width as f32 - 1.0);
    let y = (uv.y * height as f32 - 0.5).clamp(0.0, height as f32 - 1.0);
    let (left, top) = (x as usize, y as usize);
    let (right, bottom) = ((left + 1).min(width - 1), (top + 1).min(height - 1));
    let (across, down) = (x.fract(), y.fract());
    let texel = |x, y, i: usize| f32::from(texture[(x, y)].to_array()[i]) / 255.0;
    std::array::from_fn(|i| {
        let upper = texel(left, top, i) * (1.0 - across) + texel(right, top, i) * across;
        let lower = texel(left, bottom, i) * (1.0 - across) + texel(right, bottom, i) * across;
        upper * (1.0 - down) + lower * down
    })
}
