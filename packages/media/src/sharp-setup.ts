import sharp from 'sharp';

/**
 * sharp as this package uses it, for the whole process. One thread a picture: a worker runs one picture a core, and
 * more threads cost more CPU for the same work. No cache: no file is read twice. And of libvips' loaders only those
 * of the formats that are taken: it knows SVG, PDF and others, which can point at other files and addresses.
 */
sharp.concurrency(1);
sharp.cache(false);
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: ['Jpeg', 'Png', 'Nsgif', 'Webp', 'Tiff', 'Heif'].map((format) => `VipsForeignLoad${format}`),
});

export default sharp;
