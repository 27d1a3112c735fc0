package ingest

import (
	"image"
	"image/draw"
)

// plane is one of the colours of a picture: bytes with a step from each to the
// next, and a stride from row to row.
type plane struct {
	pix          []byte
	step, stride int
	w, h         int
}

// shrunk makes a picture smaller. Each new pixel is the mean of the old ones that
// it covers, which is exact for making smaller. Photographs stay in the colours of
// JPEG all the way: four fifths of the work of a scaler that goes by way of RGB,
// for sizes nobody can tell apart, is turning colours round and back.
func shrunk(from image.Image, w, h int) image.Image {
	if p, ok := from.(*image.YCbCr); ok && p.Rect.Min == (image.Point{}) {
		to := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
		half := func(pix []byte) plane { return plane{pix, 1, to.CStride, (w + 1) / 2, (h + 1) / 2} }
		cw, ch := chroma(p)
		shrink(plane{to.Y, 1, to.YStride, w, h}, plane{p.Y, 1, p.YStride, p.Rect.Dx(), p.Rect.Dy()})
		shrink(half(to.Cb), plane{p.Cb, 1, p.CStride, cw, ch})
		shrink(half(to.Cr), plane{p.Cr, 1, p.CStride, cw, ch})
		return to
	}
	p, ok := from.(*image.RGBA)
	if !ok || p.Rect.Min != (image.Point{}) || !p.Opaque() {
		p = image.NewRGBA(image.Rect(0, 0, from.Bounds().Dx(), from.Bounds().Dy()))
		draw.Draw(p, p.Rect, image.White, image.Point{}, draw.Src) // under what is transparent
		draw.Draw(p, p.Rect, from, from.Bounds().Min, draw.Over)
	}
	to := image.NewRGBA(image.Rect(0, 0, w, h))
	for c := range 4 {
		shrink(plane{to.Pix[c:], 4, to.Stride, w, h}, plane{p.Pix[c:], 4, p.Stride, p.Rect.Dx(), p.Rect.Dy()})
	}
	return to
}

// chroma is the size of the colour planes of a picture.
func chroma(p *image.YCbCr) (w, h int) {
	w, h = p.Rect.Dx(), p.Rect.Dy()
	switch p.SubsampleRatio {
	case image.YCbCrSubsampleRatio422:
		w = (w + 1) / 2
	case image.YCbCrSubsampleRatio420:
		w, h = (w+1)/2, (h+1)/2
	case image.YCbCrSubsampleRatio440:
		h = (h + 1) / 2
	case image.YCbCrSubsampleRatio411:
		w = (w + 3) / 4
	case image.YCbCrSubsampleRatio410:
		w, h = (w+3)/4, (h+1)/2
	}
	return w, h
}

// shrink fills a plane with the means of another, which is at least as large or, for
// the colours of a picture that is hardly made smaller, a little smaller. Each row is
// made narrow once, also when two new ones share it.
func shrink(to, from plane) {
	columns := spans(to.w, from.w)
	sums, narrow, done := make([]float32, to.w), make([]float32, to.w), -1
	for y, row := range spans(to.h, from.h) {
		clear(sums)
		for i := row.first; i <= row.last; i++ {
			if i != done {
				squeeze(narrow, from.pix[i*from.stride:], from.step, columns)
				done = i
			}
			weight, narrow := row.weight(i), narrow[:len(sums)]
			for x := range sums {
				sums[x] += weight * narrow[x]
			}
		}
		out, area := to.pix[y*to.stride:], float32(to.w)*float32(to.h)/(float32(from.w)*float32(from.h))
		for x, sum := range sums {
			out[x*to.step] = uint8(uint32(sum*area + 0.5))
		}
	}
}

// squeeze sums a row of old pixels into what each column of new ones covers.
func squeeze(sums []float32, row []byte, step int, columns []span) {
	for x, c := range columns {
		at, end := c.first*step, c.last*step
		sum := c.head*float32(row[at]) + c.tail*float32(row[end])
		if at += step; at < end {
			whole := uint32(0)
			for ; at < end; at += step {
				whole += uint32(row[at])
			}
			sum += float32(whole)
		}
		sums[x] = sum
	}
}

// span is what of a row of old pixels one new one covers: of the first and the last
// a part, of those between all.
type span struct {
	first, last int
	head, tail  float32
}

func (s span) weight(i int) float32 {
	switch i {
	case s.first:
		return s.head
	case s.last:
		return s.tail
	}
	return 1
}

// spans divides n old pixels over a number of new ones.
func spans(made, n int) []span {
	list := make([]span, made)
	for i := range list {
		from, to := i*n, (i+1)*n // in parts of 1/made
		s := span{first: from / made, last: (to - 1) / made}
		s.head = float32(min(to, (s.first+1)*made)-from) / float32(made)
		if s.last > s.first {
			s.tail = float32(to-s.last*made) / float32(made)
		}
		list[i] = s
	}
	return list
}
