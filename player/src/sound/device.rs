//! The system's audio output, by cpal.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use cpal::traits::{DeviceTrait as _, HostTrait as _, StreamTrait as _};
use cpal::{Device, FromSample, SampleFormat, SizedSample, StreamConfig};
use crossbeam::queue::ArrayQueue;

use super::{Feed, Sound, WAITING};

pub(super) use cpal::Stream;

/// Queue of samples for the device.
type Queue = ArrayQueue<[f32; 2]>;

impl Feed for Arc<Queue> {
    fn room(&mut self) -> usize {
        self.capacity() - self.len()
    }

    fn push(&mut self, sound: &[[f32; 2]]) {
        for frame in sound {
            // There is room: only the device removes samples meanwhile.
            let _ = Queue::push(self, *frame);
        }
    }
}

/// Opens the system's default output.
pub(super) fn open() -> Result<(Sound, Box<dyn Feed>)> {
    let device = cpal::default_host().default_output_device();
    let device = device.context("this machine has no audio output")?;
    let config = device.default_output_config()?;
    let queue = Arc::new(Queue::new(WAITING));
    let format = config.sample_format();
    let config: StreamConfig = config.into();
    let rate = config.sample_rate;
    let taken = Arc::clone(&queue);
    let stream = match format {
        SampleFormat::F32 => build::<f32>(&device, config, taken),
        SampleFormat::F64 => build::<f64>(&device, config, taken),
        SampleFormat::I16 => build::<i16>(&device, config, taken),
        SampleFormat::I32 => build::<i32>(&device, config, taken),
        SampleFormat::U16 => build::<u16>(&device, config, taken),
        SampleFormat::U8 => build::<u8>(&device, config, taken),
        other => bail!("the audio output wants samples of a kind that is not known: {other}"),
    }?;
    stream.play()?;
    let sound = Sound {
        rate,
        silent: None,
        _stream: Some(stream),
    };
    Ok((sound, Box::new(queue)))
}

/// A stream that plays the queue, or silence while it is empty. Left and right go to the first two
/// channels, or both to a single one.
fn build<T>(device: &Device, config: StreamConfig, queue: Arc<Queue>) -> Result<Stream>
where
    T: SizedSample + FromSample<f32>,
{
    let channels = usize::from(config.channels).max(1);
    let fill = move |data: &mut [T], _: &cpal::OutputCallbackInfo| {
        for frame in data.chunks_mut(channels) {
            let [left, right] = queue.pop().unwrap_or_default();
            frame.fill(T::from_sample(0.0));
            match frame {
                [both] => *both = T::from_sample(f32::midpoint(left, right)),
                [first, second, ..] => {
                    *first = T::from_sample(left);
                    *second = T::from_sample(right);
                }
                [] => {}
            }
        }
    };
    // A device that is unplugged goes silent; the window stays usable.
    Ok(device.build_output_stream(config, fill, |_| {}, None)?)
}
