namespace MLNetAutoencoder;

/// <summary>The last steps of one series, as many as a window has.</summary>
internal sealed class SeriesWindow
{
    private readonly int _width, _channels;

    // By steps, in a ring: _next is the place of the oldest one.
    private readonly float[] _values;
    private int _next;

    public SeriesWindow(int width, int channels)
    {
        (_width, _channels) = (width, channels);
        _values = new float[width * channels];
        Array.Fill(_values, float.NaN);
    }

    /// <summary>The number of steps so far, with those that were missing.</summary>
    public long Steps { get; private set; }

    /// <summary>The time of the last step; NaN before there is one, or where there are no times.</summary>
    public double Time { get; set; } = double.NaN;

    // The number of the last step that was marked.
    private long _marked = long.MinValue / 2;

    /// <summary>Whether one of the window's steps was marked.</summary>
    public bool IsMarked => Steps - _marked < _width;

    /// <summary>Whether a window of steps is there, missing ones among them.</summary>
    public bool IsWhole => Steps >= _width;

    /// <summary>Goes on by one step.</summary>
    public void Add(ReadOnlySpan<float> values)
    {
        values[.._channels].CopyTo(_values.AsSpan(_next * _channels, _channels));
        _next = (_next + 1) % _width;
        Steps++;
    }

    /// <summary>Marks the last step.</summary>
    public void Mark() => _marked = Steps;

    /// <summary>Goes on by steps that are missing.</summary>
    public void Skip(long steps)
    {
        Steps += steps;
        for (long i = Math.Min(steps, _width); i > 0; i--)
        {
            _values.AsSpan(_next * _channels, _channels).Fill(float.NaN);
            _next = (_next + 1) % _width;
        }
    }

    /// <summary>Writes the window, channel after channel, the oldest step first.</summary>
    public void CopyTo(Span<float> features)
    {
        for (int channel = 0, place = 0; channel < _channels; channel++)
        {
            for (int i = _next; i < _width; i++)
                features[place++] = _values[i * _channels + channel];
            for (int i = 0; i < _next; i++)
                features[place++] = _values[i * _channels + channel];
        }
    }

    /// <summary>Writes everything that is needed to go on.</summary>
    public void Save(BinaryWriter writer)
    {
        writer.Write(Steps);
        writer.Write(Time);
        writer.Write(_next);
        foreach (float value in _values)
            writer.Write(value);
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It cannot be.</exception>
    public void Restore(BinaryReader reader)
    {
        (Steps, Time, _next) = (reader.ReadInt64(), reader.ReadDouble(), reader.ReadInt32());
        if (Steps < 0 || _next < 0 || _next >= _width)
            throw new InvalidDataException($"The state has {Steps} steps, of which {_next} is next in a window of {_width}.");
        for (int i = 0; i < _values.Length; i++)
            _values[i] = reader.ReadSingle();
    }
}
